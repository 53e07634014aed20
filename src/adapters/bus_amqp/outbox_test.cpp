#include "outbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom::bus_amqp {
namespace {

using namespace std::chrono_literals;
using ports::Published;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kPatience = Outbox::Limits{}.send_patience;
constexpr auto kConfirmPatience = Outbox::Limits{}.confirm_patience;

/// An outbox, its clock and what it was told; numbers messages as a connection does.
class Desk {
  public:
    explicit Desk(const Outbox::Limits& limits = {}) : outbox(limits) {}

    void add(std::string bytes, bool wants_reply = true, std::string_view queue = "q",
             const base::Uuid& id = base::Uuid::make_v7(base::Time::now())) {
        outbox.add(queue, {.id = id,
                           .bytes = bytes,
                           .wants_reply = wants_reply,
                           .done = [this, bytes](Published what) { told[bytes].push_back(what); },
                           .since = now});
    }
    /// Sends all that may be sent; returns the messages' bytes.
    std::vector<std::string> send() {
        std::vector<std::string> sent;
        while (auto parcel = outbox.next(now)) {
            sent.push_back(bytes_of(*parcel));
            ids.push_back(parcel->message_id);
            outbox.sent(++number, *std::move(parcel));
        }
        return sent;
    }
    void lose_connection() {
        outbox.connection_lost();
        number = 0;
    }

    Outbox outbox;
    base::Deadline now = base::in(0s);
    std::uint64_t number = 0;
    std::vector<std::string> ids;  // of the messages, in the order of their sending
    std::map<std::string, std::vector<Published>> told;
};

TEST(Outbox, SendsACommandAtOnceWhenNothingIsUnconfirmed) {
    Desk desk;
    desk.add("1");
    EXPECT_THAT(desk.send(), ElementsAre("1"));
    EXPECT_THAT(desk.told, IsEmpty());
    desk.outbox.confirmed(1, false, true);
    EXPECT_THAT(desk.told["1"], ElementsAre(Published::durable));
    EXPECT_TRUE(desk.outbox.idle());
}

TEST(Outbox, CollectsWhileSomethingIsUnconfirmed) {
    Desk desk;
    desk.add("1");
    (void)desk.send();
    for (const auto* bytes : {"2", "3", "4"})
        desk.add(bytes);
    EXPECT_THAT(desk.send(), IsEmpty());
    desk.outbox.confirmed(1, false, true);
    EXPECT_THAT(desk.send(), ElementsAre("[2,3,4]"));
    desk.outbox.confirmed(2, false, true);
    EXPECT_THAT(desk.told["4"], ElementsAre(Published::durable));
}

TEST(Outbox, SendsWithoutAConfirmWhatIsCollectedToTheFull) {
    Desk desk({.commands_per_message_max = 2, .messages_in_flight_max = 3});
    for (const auto* bytes : {"1", "2", "3", "4", "5", "6", "7", "8", "9"})
        desk.add(bytes);
    EXPECT_THAT(desk.send(), ElementsAre("[1,2]", "[3,4]", "[5,6]"));
    desk.outbox.confirmed(2, true, true);
    EXPECT_THAT(desk.send(), ElementsAre("[7,8]"));
}

TEST(Outbox, KeepsQueuesApart) {
    Desk desk;
    desk.add("1", true, "a");
    desk.add("2", true, "b");
    EXPECT_THAT(desk.send(), ElementsAre("1", "2"));
    desk.add("3", true, "a");
    desk.outbox.confirmed(2, false, true);
    EXPECT_THAT(desk.send(), IsEmpty());
}

TEST(Outbox, JoinsOnlyWhatFitsAndWantsTheSame) {
    Desk desk({.message_bytes_max = 8});
    desk.add("123");
    desk.add("456");
    desk.add("789");
    desk.add("a", false);
    desk.add("0123456789", false);
    std::vector<std::string> sent;
    for (int i = 0; i < 4; ++i) {
        for (auto& bytes : desk.send())
            sent.push_back(std::move(bytes));
        desk.outbox.confirmed(desk.number, true, true);
    }
    EXPECT_THAT(sent, ElementsAre("[123,456]", "789", "a", "0123456789"));
}

TEST(Outbox, TellsAFullQueueAndAMissingOne) {
    Desk desk;
    desk.add("full", true, "a");
    desk.add("missing", true, "b");
    (void)desk.send();
    desk.outbox.confirmed(1, false, false);
    desk.outbox.returned("b", desk.ids.at(1));
    desk.outbox.confirmed(2, false, true);
    EXPECT_THAT(desk.told["full"], ElementsAre(Published::queue_full));
    EXPECT_THAT(desk.told["missing"], ElementsAre(Published::unavailable));
}

TEST(Outbox, OfOneIdOnTwoQueuesTellsWhichIsMissing) {
    Desk desk;
    const auto id = base::Uuid::make_v7(base::Time::now());
    desk.add("there", true, "a", id);
    desk.add("missing", true, "b", id);
    (void)desk.send();
    desk.outbox.returned("b", id.to_string());
    desk.outbox.confirmed(2, true, true);
    EXPECT_THAT(desk.told["there"], ElementsAre(Published::durable));
    EXPECT_THAT(desk.told["missing"], ElementsAre(Published::unavailable));
}

TEST(Outbox, SendsAgainUnderTheSameIdsWhatWasNotConfirmed) {
    Desk desk({.commands_per_message_max = 2});
    for (const auto* bytes : {"1", "2", "3", "4", "5"})
        desk.add(bytes);
    ASSERT_THAT(desk.send(), ElementsAre("[1,2]", "[3,4]"));
    desk.lose_connection();
    EXPECT_THAT(desk.send(), ElementsAre("[1,2]", "[3,4]"));
    EXPECT_EQ(desk.ids.at(2), desk.ids.at(0));
    EXPECT_EQ(desk.ids.at(3), desk.ids.at(1));
    desk.lose_connection();
    EXPECT_THAT(desk.send(), ElementsAre("[1,2]", "[3,4]")) << "in the same order";
    desk.outbox.confirmed(2, true, true);
    EXPECT_THAT(desk.told["1"], ElementsAre(Published::durable));
    EXPECT_THAT(desk.send(), ElementsAre("5"));
}

TEST(Outbox, DoesNotKnowWhatBecameOfTheFirstSendingWhenTheSecondIsRefused) {
    Desk desk;
    desk.add("1");
    (void)desk.send();
    desk.lose_connection();
    (void)desk.send();
    desk.outbox.confirmed(1, false, false);
    EXPECT_THAT(desk.told["1"], ElementsAre(Published::unknown));
}

TEST(Outbox, CountsAMessageThatFailedToBeSentAsSent) {
    Desk desk;
    desk.add("1");
    desk.outbox.connection_lost(*desk.outbox.next(desk.now));
    EXPECT_THAT(desk.send(), ElementsAre("1"));
}

TEST(Outbox, GivesUpWhatCouldNotBeSentInTime) {
    Desk desk;
    desk.add("1");
    EXPECT_EQ(desk.outbox.expire(desk.now), desk.now + kPatience);
    desk.now += kPatience;
    desk.outbox.expire(desk.now);
    EXPECT_THAT(desk.told["1"], ElementsAre(Published::unavailable));
    EXPECT_EQ(desk.outbox.commands_waiting(), 0U);
    EXPECT_EQ(desk.outbox.bytes_waiting(), 0U);
    EXPECT_THAT(desk.send(), IsEmpty());
}

TEST(Outbox, GivesUpWhatWasNotConfirmedInTimeWhereverItIs) {
    Desk desk({.commands_per_message_max = 1});
    desk.add("lost");
    (void)desk.send();
    desk.lose_connection();
    desk.now += kConfirmPatience;
    desk.outbox.expire(desk.now);
    EXPECT_THAT(desk.told["lost"], ElementsAre(Published::unknown));
    EXPECT_THAT(desk.send(), IsEmpty()) << "it is not sent again";

    desk.add("sent");
    (void)desk.send();
    desk.now += kConfirmPatience;
    desk.outbox.expire(desk.now);
    EXPECT_THAT(desk.told["sent"], ElementsAre(Published::unknown));
    desk.outbox.confirmed(1, false, true);
    EXPECT_THAT(desk.told["sent"], SizeIs(1)) << "told once";
}

TEST(Outbox, SendsNothingMoreToAQueueThatIsStuck) {
    Desk desk({.commands_per_message_max = 1});
    desk.add("1");
    (void)desk.send();
    desk.now += kPatience;
    desk.add("2");
    EXPECT_THAT(desk.send(), IsEmpty());
    EXPECT_EQ(desk.outbox.stuck_queue(desk.now), "q");
    desk.add("3", true, "other");
    EXPECT_THAT(desk.send(), ElementsAre("3"));
    desk.outbox.confirmed(1, false, true);
    EXPECT_EQ(desk.outbox.stuck_queue(desk.now), "");
    EXPECT_THAT(desk.send(), ElementsAre("2"));
}

TEST(Outbox, AnswersEverythingAtTheEnd) {
    Desk desk;
    desk.add("sent");
    (void)desk.send();
    desk.add("waiting");
    desk.outbox.give_up();
    EXPECT_THAT(desk.told["sent"], ElementsAre(Published::unknown));
    EXPECT_THAT(desk.told["waiting"], ElementsAre(Published::unavailable));
    EXPECT_TRUE(desk.outbox.idle());
}

}  // namespace
}  // namespace stockroom::bus_amqp
