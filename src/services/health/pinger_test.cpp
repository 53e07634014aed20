#include "pinger.hpp"

#include <chrono>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "stockroom/contract/codec.hpp"

namespace stockroom::health {
namespace {

using ports::Published;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A bus whose answers the test gives.
class ScriptedBus final : public ports::Bus {
  public:
    struct Sent {
        std::string queue;
        base::Uuid id;
        ports::PublishedHandler done;
    };

    std::unique_ptr<ports::Publisher> make_publisher(ports::ReplyHandler on_replies) override {
        on_replies_ = std::move(on_replies);
        return std::make_unique<ScriptedPublisher>(*this);
    }
    std::unique_ptr<ports::Consumer> make_consumer(std::string_view) override { return nullptr; }
    [[nodiscard]] std::string trouble() const override { return {}; }

    void answer(const base::Uuid& id) {
        domain::Outcome outcome;
        outcome.code = domain::PingOutcome::answered;
        on_replies_({contract::encode_outcome(id, domain::CommandKind::ping, outcome)});
    }

    std::vector<Sent> sent;
    bool answers = false;
    std::optional<Published> publishes;

  private:
    class ScriptedPublisher final : public ports::Publisher {
      public:
        explicit ScriptedPublisher(ScriptedBus& bus) : bus_(bus) {}
        void publish(std::string_view queue, const base::Uuid& id, std::string bytes, bool,
                     ports::PublishedHandler done) override {
            const auto read = contract::decode_message(bytes);
            EXPECT_TRUE(read.front() && read.front()->command);
            EXPECT_EQ(read.front()->kind, domain::CommandKind::ping);
            bus_.sent.push_back({std::string(queue), id, done});
            if (bus_.publishes) done(*bus_.publishes);
            if (bus_.answers) bus_.answer(id);
        }

      private:
        ScriptedBus& bus_;
    };
    ports::ReplyHandler on_replies_;
};

class PingerTest : public testing::Test {
  protected:
    Pinged ping(milliseconds patience, bool wants_answer = true) {
        auto result = boost::asio::co_spawn(
            context_, pinger_.ping("stockroom.orders", wants_answer, base::in(patience)),
            boost::asio::use_future);
        context_.restart();
        context_.run();
        return result.get();
    }

    static constexpr milliseconds kShort{20};
    static constexpr milliseconds kLong{60'000};  // never waited for

    ScriptedBus bus_;
    boost::asio::io_context context_{1};
    Pinger pinger_{bus_, context_};
};

TEST_F(PingerTest, TellsHowLongTheWayThereAndBackTook) {
    bus_.publishes = Published::durable;
    bus_.answers = true;
    const Pinged pinged = ping(kLong);
    EXPECT_TRUE(pinged.was_sent);
    EXPECT_TRUE(pinged.round_trip);
    EXPECT_FALSE(pinged.late);
    ASSERT_EQ(bus_.sent.size(), 1U);
    EXPECT_EQ(bus_.sent[0].queue, "stockroom.orders");
}

TEST_F(PingerTest, WaitsForTheBusAloneWhenNoAnswerIsWanted) {
    bus_.publishes = Published::durable;
    const Pinged pinged = ping(kLong, false);
    EXPECT_EQ(pinged.published, Published::durable);
    EXPECT_FALSE(pinged.round_trip);
}

TEST_F(PingerTest, ARefusalEndsTheWait) {
    for (const auto refusal : {Published::unavailable, Published::queue_full}) {
        bus_.publishes = refusal;
        const Pinged pinged = ping(kLong);
        EXPECT_EQ(pinged.published, refusal);
        EXPECT_FALSE(pinged.round_trip);
    }
}

TEST_F(PingerTest, ALateAnswerIsTold) {
    bus_.publishes = Published::durable;
    EXPECT_FALSE(ping(kShort).round_trip);
    bus_.answer(bus_.sent[0].id);
    const Pinged pinged = ping(kShort);
    EXPECT_FALSE(pinged.round_trip);
    EXPECT_TRUE(pinged.late);
    EXPECT_FALSE(ping(kShort).late) << "it is told once";
}

TEST_F(PingerTest, FewPingsStandInAQueueThatNobodyConsumes) {
    bus_.publishes = Published::durable;
    for (std::size_t i = 0; i < Pinger::kUnansweredMax; ++i)
        EXPECT_TRUE(ping(kShort).was_sent);
    EXPECT_FALSE(ping(kShort).was_sent);
    EXPECT_EQ(bus_.sent.size(), Pinger::kUnansweredMax);
    for (const auto& sent : std::vector(bus_.sent))
        bus_.answer(sent.id);
    (void)ping(kShort);
    bus_.answers = true;
    EXPECT_TRUE(ping(kLong).round_trip) << "once they are answered there is room again";
}

TEST_F(PingerTest, PingsThatWantNoAnswerHaveTheirOwnRoom) {
    bus_.publishes = Published::durable;
    for (std::size_t i = 0; i < Pinger::kUnansweredMax; ++i)
        (void)ping(kShort);
    ASSERT_FALSE(ping(kShort).was_sent);
    for (std::size_t i = 0; i <= Pinger::kUnansweredMax; ++i)
        EXPECT_EQ(ping(kLong, false).published, Published::durable);

    bus_.publishes.reset();
    for (std::size_t i = 0; i < Pinger::kUnansweredMax; ++i)
        EXPECT_TRUE(ping(kShort, false).was_sent);
    EXPECT_FALSE(ping(kShort, false).was_sent) << "none of them is taken";
    bus_.sent.back().done(Published::durable);
    EXPECT_TRUE(ping(kShort, false).was_sent) << "one was taken";
}

TEST_F(PingerTest, WithTheConnectionTheAnswersAreLostAndNotWaitedForAnyMore) {
    bus_.publishes = Published::durable;
    for (std::size_t i = 1; i < Pinger::kUnansweredMax; ++i)
        (void)ping(kShort);
    bus_.publishes = Published::unavailable;
    (void)ping(kLong);
    bus_.publishes = Published::durable;
    for (std::size_t i = 0; i < Pinger::kUnansweredMax; ++i)
        EXPECT_TRUE(ping(kShort).was_sent);
}

}  // namespace
}  // namespace stockroom::health
