// What librabbitmq does wrong when it is left alone.

#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include <gmock/gmock.h>

#include "amqp_side.hpp"

namespace stockroom::conformance {
namespace {

using namespace std::chrono_literals;
using ports::Published;
using testing::ElementsAre;
using Mode = TcpProxy::Mode;

constexpr auto kQueue = contract::kOrdersQueue;

class AmqpTraps : public AmqpTest {};

class Ear final : public ports::EventListener {
  public:
    void on_events(std::string_view /*type*/, std::string_view bytes) override {
        heard_.put(std::string(bytes));
    }
    void on_gap() override { heard_.put("gap"); }
    Box<std::string>& heard() { return heard_; }

  private:
    Box<std::string> heard_;
};

TEST_F(AmqpTraps, HeartbeatsKeepIdleConnectionsAlive) {
    // The broker ends a connection when it has missed two of them.
    constexpr std::size_t kHeartbeats = 3;
    constexpr std::size_t kConnections = 5;
    Side side(*host_, {.heartbeat = 4s});
    Ear ear;
    const auto publisher = side.bus().make_event_publisher();
    const auto subscription = side.bus().subscribe(ear);
    const auto consumer = side.bus().make_consumer(kQueue);
    side.make_publisher();
    const auto use_all = [&](std::string bytes) {
        ASSERT_EQ(side.publish_and_wait(bytes), Published::durable);
        const auto delivery = take_one(*consumer);
        EXPECT_EQ(delivery.bytes, bytes);
        consumer->reply({{delivery.reply_to, delivery.bytes}});
        ASSERT_TRUE(consumer->ack(std::span(&delivery.tag, 1)).has_value());
        const ports::EventMessage event{.type = "a", .first = 1, .last = 1, .bytes = bytes};
        const auto published = publisher->publish({&event, 1}, patience());
        ASSERT_TRUE(published.has_value()) << published.error().detail;
    };
    ear.heard().wait_for(1);
    use_all("1");
    ear.heard().wait_for(2);
    side.replies().wait_for(1);
    ASSERT_EQ(side.proxy().connections(), kConnections);

    const auto deadline = patience();
    const auto are_idle = [&side](std::size_t heartbeats) {
        const auto counts = side.proxy().heartbeats();
        return counts.size() == kConnections && std::ranges::min(counts) >= heartbeats;
    };
    while (!are_idle(kHeartbeats)) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline)
            << testing::PrintToString(side.proxy().heartbeats());
        ASSERT_EQ(side.proxy().connections(), kConnections);
        std::this_thread::sleep_for(20ms);
    }
    use_all("2");
    EXPECT_THAT(ear.heard().wait_for(3), ElementsAre("gap", "1", "2"));
    EXPECT_THAT(side.replies().wait_for(2), ElementsAre("1", "2"));
    EXPECT_EQ(side.proxy().connections(), kConnections);
    EXPECT_EQ(side.bus().trouble(), "");
}

TEST_F(AmqpTraps, ASendThatNobodyReadsIsGivenUp) {
    constexpr std::size_t kMoreThanSocketsHold = 12U << 20U;
    const auto consumer = taker_->bus().make_consumer(kQueue);
    connect_publisher(*consumer);
    sender_->proxy().set(Mode::stall);
    EXPECT_NE(sender_->publish_and_wait(std::string(kMoreThanSocketsHold, 'x')),
              Published::durable);
    EXPECT_NE(sender_->publish_and_wait("meanwhile"), Published::durable);
    sender_->proxy().set(Mode::pass);
    sender_->publish_until_durable("later");
    EXPECT_GT(sender_->proxy().connections(), 1U);
}

}  // namespace
}  // namespace stockroom::conformance
