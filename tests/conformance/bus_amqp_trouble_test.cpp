#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "stockroom/bus_amqp/bus_amqp.hpp"
#include "stockroom/contract/names.hpp"

#include "amqp_side.hpp"

namespace stockroom::conformance {
namespace {

using namespace std::chrono_literals;
using bus_amqp::AmqpBus;
using ports::Published;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;
using Mode = TcpProxy::Mode;

constexpr auto kQueue = contract::kOrdersQueue;

base::Uuid new_id() {
    return base::Uuid::make_v7(base::Time::now());
}

/// How many commands each of the next messages has.
std::vector<std::size_t> sizes(ports::Consumer& consumer, std::size_t messages) {
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < messages; ++i) {
        const auto delivery = take_one(consumer);
        sizes.push_back(1 + static_cast<std::size_t>(std::ranges::count(delivery.bytes, ',')));
        EXPECT_TRUE(consumer.ack(std::span(&delivery.tag, 1)).has_value());
    }
    return sizes;
}

std::string reconnects(int count) {
    return fmt::format(R"(stockroom_bus_reconnects_total{{connection="publisher"}} {})", count);
}

class AmqpTrouble : public AmqpTest {};

TEST_F(AmqpTrouble, SendsManyCommandsInFewMessages) {
    const auto consumer = taker_->bus().make_consumer(kQueue);
    connect_publisher(*consumer);
    sender_->proxy().set(Mode::stall);
    sender_->publish("1");
    sender_->wait_until_sent(2);
    for (int i = 2; i <= 301; ++i)
        sender_->publish(std::to_string(i));
    sender_->wait_until_sent(3);
    sender_->proxy().set(Mode::pass);
    const auto told = sender_->published().wait_for(302);
    EXPECT_THAT(told, Each(Published::durable));
    EXPECT_THAT(sizes(*consumer, 3), ElementsAre(1, 256, 44));
}

TEST_F(AmqpTrouble, RepliesInFewMessages) {
    const auto consumer = taker_->bus().make_consumer(kQueue);
    sender_->make_publisher();
    sender_->publish("1");
    const auto delivery = take_one(*consumer);
    consumer->reply(std::vector<ports::Reply>(300, {delivery.reply_to, "7"}));
    const auto replies = sender_->replies().wait_for(2);
    ASSERT_THAT(replies, SizeIs(2));
    EXPECT_THAT(replies[0], SizeIs(2 * 256 + 1));
    EXPECT_THAT(replies[1], SizeIs(2 * 44 + 1));
}

TEST_F(AmqpTrouble, TakesAnArrayApartThatIsDeliveredAgain) {
    const std::string one = fmt::format(R"({{"id":"{}","n":[1,2]}})", new_id().to_string());
    const std::string two = fmt::format(R"({{"id":"{}","t":"],["}})", new_id().to_string());
    sender_->make_publisher();
    sender_->publish(fmt::format("[{},{}]", one, two));
    {
        const auto consumer = taker_->bus().make_consumer(kQueue);
        EXPECT_EQ(take_one(*consumer).bytes, fmt::format("[{},{}]", one, two));
    }
    const auto consumer = taker_->bus().make_consumer(kQueue);
    std::vector<std::string> taken;
    for (int i = 0; i < 2; ++i) {
        const auto delivery = take_one(*consumer);
        taken.push_back(delivery.bytes);
        EXPECT_EQ(delivery.earlier_deliveries, 0U);
        consumer->reply({{delivery.reply_to, delivery.bytes}});
        EXPECT_TRUE(consumer->ack(std::span(&delivery.tag, 1)).has_value());
    }
    EXPECT_THAT(taken, UnorderedElementsAre(one, two));
    EXPECT_THAT(sender_->replies().wait_for(2), UnorderedElementsAre(one, two));
    EXPECT_TRUE(taker_->shows("stockroom_bus_isolated_messages_total 1"));
    const auto more = consumer->take(1, base::in(50ms));
    ASSERT_TRUE(more.has_value());
    EXPECT_THAT(*more, IsEmpty());
}

TEST_F(AmqpTrouble, TakesManyArraysApartAndLosesNothing) {
    constexpr int kArrays = 40;
    constexpr int kCommands = 256;
    taker_->make_publisher();
    for (int array = 0; array < kArrays; ++array) {
        std::string bytes;
        for (int command = 0; command < kCommands; ++command)
            bytes += fmt::format("{}{}", bytes.empty() ? '[' : ',', array * kCommands + command);
        taker_->publish(bytes + ']');
    }
    EXPECT_THAT(taker_->published().wait_for(kArrays), Each(Published::durable));
    {
        const auto consumer = taker_->bus().make_consumer(kQueue);
        for (int array = 0; array < kArrays; ++array)
            EXPECT_THAT(take_one(*consumer).bytes, StartsWith("["));
    }
    const auto consumer = taker_->bus().make_consumer(kQueue);
    std::set<std::string> commands;
    while (commands.size() < kArrays * kCommands) {
        const auto taken = consumer->take(1'000, patience());
        ASSERT_TRUE(taken.has_value());
        ASSERT_THAT(*taken, Not(IsEmpty()));
        std::vector<std::uint64_t> tags;
        for (const auto& delivery : *taken) {
            EXPECT_TRUE(commands.insert(delivery.bytes).second) << delivery.bytes;
            tags.push_back(delivery.tag);
        }
        EXPECT_TRUE(consumer->ack(tags).has_value());
    }
    EXPECT_THAT(commands, Contains(std::to_string(kArrays * kCommands - 1)));
}

TEST_F(AmqpTrouble, KeepsTheCorrelationIdOfAnArrayThatIsTakenApart) {
    const std::string id = std::string(255, 'c');
    const std::string one = fmt::format(R"({{"id":"{}"}})", new_id().to_string());
    host_->publish(kQueue, fmt::format("[{},{}]", one, one), "nowhere", id);
    EXPECT_EQ(take_one(*taker_->bus().make_consumer(kQueue)).correlation_id, id);
    const auto consumer = taker_->bus().make_consumer(kQueue);
    for (int i = 0; i < 2; ++i) {
        const auto delivery = take_one(*consumer);
        EXPECT_EQ(delivery.bytes, one);
        EXPECT_EQ(delivery.reply_to, "nowhere");
        EXPECT_EQ(delivery.correlation_id, id);
        EXPECT_TRUE(consumer->ack(std::span(&delivery.tag, 1)).has_value());
    }
}

TEST_F(AmqpTrouble, GivesOutOneAtATimeToWhoAsksForOne) {
    taker_->make_publisher();
    for (int i = 0; i < 20; ++i)
        taker_->publish(std::to_string(i));
    taker_->published().wait_for(20);
    const auto slow = taker_->bus().make_consumer(kQueue);
    const auto first = take_one(*slow);
    ASSERT_TRUE(slow->ack(std::span(&first.tag, 1)).has_value());
    take_one(*slow);

    const auto other = taker_->bus().make_consumer(kQueue);
    std::size_t count = 0;
    while (count < 18) {
        const auto taken = other->take(100, patience());
        ASSERT_TRUE(taken.has_value());
        ASSERT_THAT(*taken, testing::Not(IsEmpty())) << "after " << count;
        count += taken->size();
    }
}

TEST_F(AmqpTrouble, SendsAgainWhatWasLostOnTheWay) {
    const auto consumer = taker_->bus().make_consumer(kQueue);
    connect_publisher(*consumer);
    sender_->proxy().set(Mode::stall);
    sender_->publish("lost");
    sender_->wait_until_sent(2);
    sender_->wait_until_shown("stockroom_bus_unconfirmed_messages 1");
    EXPECT_FALSE(sender_->shows(reconnects(1)));
    sender_->proxy().cut();
    sender_->proxy().set(Mode::pass);
    EXPECT_THAT(sender_->published().wait_for(2), Each(Published::durable));
    EXPECT_TRUE(sender_->shows(reconnects(1)));
    sender_->wait_until_shown("stockroom_bus_unconfirmed_messages 0");
    EXPECT_EQ(take_one(*consumer).bytes, "lost");
}

TEST_F(AmqpTrouble, SaysUnavailableWhileTheBrokerIsAwayAndWorksWhenItIsBack) {
    sender_->proxy().set(Mode::refuse);
    sender_->make_publisher();
    EXPECT_EQ(sender_->publish_and_wait("1"), Published::unavailable);
    EXPECT_THAT(sender_->bus().trouble(), testing::HasSubstr("publisher"));
    sender_->proxy().set(Mode::pass);
    sender_->publish_until_durable("2");
    EXPECT_EQ(sender_->bus().trouble(), "");
}

TEST_F(AmqpTrouble, AnswersInTimeWhenTheBrokerSaysNothing) {
    const auto consumer = taker_->bus().make_consumer(kQueue);
    connect_publisher(*consumer);
    sender_->proxy().set(Mode::stall);
    sender_->publish("sent");
    sender_->wait_until_sent(2);
    sender_->publish("not sent");
    auto told = sender_->published().wait_for(3);
    EXPECT_THAT(
        told, UnorderedElementsAre(Published::durable, Published::unknown, Published::unavailable));
    sender_->proxy().set(Mode::pass);
    EXPECT_EQ(take_one(*consumer).bytes, "sent") << "unknown was the truth";
    sender_->publish_until_durable("later");
}

TEST_F(AmqpTrouble, NothingOfAnOldConnectionIsAckedOnTheNewOne) {
    taker_->make_publisher();
    for (const auto* bytes : {"1", "2"})
        taker_->publish(bytes);
    taker_->published().wait_for(2);
    const auto consumer = taker_->bus().make_consumer(kQueue);
    const auto old = take_one(*consumer);
    EXPECT_EQ(old.bytes, "1");
    taker_->proxy().cut();
    const auto again = take_one(*consumer);
    EXPECT_EQ(again.bytes, "1");
    EXPECT_EQ(again.earlier_deliveries, 1U);
    EXPECT_NE(again.tag, old.tag);

    const auto acked = consumer->ack(std::span(&old.tag, 1));
    ASSERT_FALSE(acked.has_value());
    EXPECT_EQ(acked.error().kind, ports::ErrorKind::retryable);
    EXPECT_FALSE(consumer->dead_letter(old.tag, "1", "why").has_value());
    ASSERT_TRUE(consumer->give_back(std::span(&again.tag, 1)).has_value());
    std::vector<std::string> rest{take_one(*consumer).bytes, take_one(*consumer).bytes};
    EXPECT_THAT(rest, UnorderedElementsAre("1", "2"));
}

TEST_F(AmqpTrouble, ConsumesWhenTheBrokerComesLate) {
    taker_->proxy().set(Mode::refuse);
    const auto consumer = taker_->bus().make_consumer(kQueue);
    const auto nothing = consumer->take(10, base::in(50ms));
    ASSERT_TRUE(nothing.has_value());
    EXPECT_THAT(*nothing, IsEmpty());
    EXPECT_NE(taker_->bus().trouble(), "");
    sender_->make_publisher();
    EXPECT_EQ(sender_->publish_and_wait("1"), Published::durable);
    taker_->proxy().set(Mode::pass);
    EXPECT_EQ(take_one(*consumer).bytes, "1");
}

TEST_F(AmqpTrouble, InterruptAlsoWhileTheBrokerIsAway) {
    taker_->proxy().set(Mode::refuse);
    const auto consumer = taker_->bus().make_consumer(kQueue);
    consumer->interrupt();
    const auto taken = consumer->take(10, patience());
    ASSERT_TRUE(taken.has_value());
    EXPECT_THAT(*taken, IsEmpty());
}

TEST_F(AmqpTrouble, EndsWhateverTheBrokerDoes) {
    for (const auto mode : {Mode::refuse, Mode::stall}) {
        for (const bool was_connected : {false, true}) {
            Side side(*host_, {});
            if (!was_connected) side.proxy().set(mode);
            const auto taken = side.proxy().connections();
            side.make_publisher();
            auto consumer = side.bus().make_consumer(kQueue);
            if (was_connected) {
                ASSERT_EQ(side.publish_and_wait("1"), Published::durable);
                side.proxy().set(mode);
            } else {
                while (side.proxy().connections() == taken)
                    std::this_thread::yield();
            }
            side.publish("2");
            side.end_publisher();
            consumer.reset();
            EXPECT_NE(side.published().wait_for(was_connected ? 2 : 1).back(), Published::durable);
        }
    }
}

TEST_F(AmqpTrouble, DeclaresAQueueAgainThatIsGone) {
    sender_->make_publisher();
    ASSERT_EQ(sender_->publish_and_wait("1"), Published::durable);
    host_->delete_queue(kQueue);
    EXPECT_EQ(sender_->publish_and_wait("2"), Published::unavailable);
    EXPECT_TRUE(sender_->shows("stockroom_bus_returned_messages_total 1"));
    sender_->publish_until_durable("3");
    EXPECT_EQ(sender_->proxy().connections(), 1U);
    const auto consumer = taker_->bus().make_consumer(kQueue);
    EXPECT_EQ(take_one(*consumer).bytes, "3");
}

TEST_F(AmqpTrouble, CountsWhatAFullQueueRefuses) {
    const VirtualHost host;
    Side side(host, {.queue_max = 1});
    declare_topology(side.bus());
    side.make_publisher();
    const auto deadline = patience();
    while (side.publish_and_wait("1") != Published::queue_full) {
        EXPECT_TRUE(side.shows("stockroom_bus_refused_messages_total 0"));
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
    EXPECT_TRUE(side.shows("stockroom_bus_refused_messages_total 1"));
    EXPECT_EQ(side.proxy().connections(), 3U) << "it is good";
}

TEST_F(AmqpTrouble, SaysWhichQueueIsThereWithOtherArguments) {
    telemetry::Metrics metrics;
    auto bus = AmqpBus::make(
        {.url = host_->url(), .ca_file = {}, .service = "trouble", .queue_max = 7}, metrics);
    ASSERT_TRUE(bus.has_value()) << bus.error();
    const auto consumer = (*bus)->make_consumer(kQueue);
    const auto deadline = patience();
    while (!(*bus)->trouble().contains("406"))
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << (*bus)->trouble();
    EXPECT_THAT((*bus)->trouble(), HasSubstr("x-max-length"));
    EXPECT_THAT((*bus)->trouble(), HasSubstr("declaring the queue stockroom."));
}

TEST_F(AmqpTrouble, RefusesWhatCannotBeSentAndGoesOnOnTheSameConnection) {
    sender_->make_publisher();
    EXPECT_EQ(sender_->publish_and_wait("1", std::string(256, 'q')), Published::unavailable);
    EXPECT_EQ(sender_->publish_and_wait("2", "no.such.queue"), Published::unavailable);
    EXPECT_EQ(sender_->publish_and_wait(std::string(17U << 20U, 'x')), Published::queue_full);
    EXPECT_EQ(sender_->publish_and_wait("3"), Published::durable);
    EXPECT_EQ(sender_->proxy().connections(), 1U);
}

TEST_F(AmqpTrouble, RepliesToWhoeverDoNoHarm) {
    const auto consumer = taker_->bus().make_consumer(kQueue);
    connect_publisher(*consumer);
    const auto connections = taker_->proxy().connections();
    for (const auto& address : {std::string("nowhere"), std::string("amq.rabbitmq.reply-to.g2dkAA"),
                                std::string("stockroom.commands"), std::string(255, 'a')}) {
        host_->publish(kQueue, "1", address);
        const auto delivery = take_one(*consumer);
        EXPECT_EQ(delivery.reply_to, address);
        consumer->reply({{delivery.reply_to, "answer"}});
        EXPECT_TRUE(consumer->dead_letter(delivery.tag, "1", "why").has_value());
        EXPECT_TRUE(consumer->ack(std::span(&delivery.tag, 1)).has_value());
    }
    EXPECT_EQ(taker_->proxy().connections(), connections);
    EXPECT_THAT(host_->peek("stockroom.dead"), SizeIs(4));
    EXPECT_TRUE(taker_->shows("stockroom_queue_dead_total 4"));
}

TEST_F(AmqpTrouble, AMessageGivenBackAgainAndAgainBecomesADeadLetter) {
    const auto consumer = taker_->bus().make_consumer(kQueue);
    connect_publisher(*consumer);
    ASSERT_EQ(sender_->publish_and_wait("poison"), Published::durable);
    ASSERT_EQ(sender_->publish_and_wait("good"), Published::durable);
    for (std::uint32_t count = 0; count <= 20; ++count) {
        const auto delivery = take_one(*consumer);
        ASSERT_EQ(delivery.bytes, "poison");
        ASSERT_EQ(delivery.earlier_deliveries, count);
        ASSERT_TRUE(consumer->give_back(std::span(&delivery.tag, 1)).has_value());
    }
    EXPECT_EQ(take_one(*consumer).bytes, "good");
    const auto deadline = patience();
    while (host_->peek("stockroom.dead").empty())
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    EXPECT_EQ(host_->peek("stockroom.dead").front().bytes, "poison");
}

}  // namespace
}  // namespace stockroom::conformance
