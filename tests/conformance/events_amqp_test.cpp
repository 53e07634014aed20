#include <iostream>
#include <numeric>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "stockroom/bus_amqp/bus_amqp.hpp"

#include "amqp_broker.hpp"
#include "tcp_proxy.hpp"

namespace stockroom::conformance {
namespace {

using namespace std::chrono_literals;
using bus_amqp::AmqpBus;
using ports::EventMessage;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

EventMessage message(std::int64_t position) {
    return {.type = position % 2 == 0 ? "item.created" : "order.partially_fulfilled",
            .first = position,
            .last = position,
            .bytes = std::to_string(position)};
}

std::vector<EventMessage> messages(std::int64_t first, std::int64_t last) {
    std::vector<EventMessage> all;
    for (std::int64_t position = first; position <= last; ++position)
        all.push_back(message(position));
    return all;
}

/// "5 item.created" for a message that was heard, "gap" for a gap.
class Ear : public ports::EventListener {
  public:
    void on_events(std::string_view type, std::string_view bytes) override {
        put(fmt::format("{} {}", bytes, type));
    }
    void on_gap() override { put("gap"); }

    /// All that was heard once the last of it is this; empty when that does not come.
    std::vector<std::string> heard_up_to(std::string_view last) {
        const auto deadline = base::in(30s);
        const base::lock_guard lock(mutex_);
        while (heard_.empty() || heard_.back() != last)
            if (!changed_.wait_until(mutex_, deadline)) return {};
        return heard_;
    }
    /// Whether there were so many gaps in time.
    bool wait_for_gaps(std::size_t count) {
        const auto deadline = base::in(30s);
        const base::lock_guard lock(mutex_);
        while (static_cast<std::size_t>(std::ranges::count(heard_, "gap")) < count)
            if (!changed_.wait_until(mutex_, deadline)) return false;
        return true;
    }

  private:
    void put(std::string what) {
        const base::lock_guard lock(mutex_);
        heard_.push_back(std::move(what));
        changed_.notify_all();
    }
    base::mutex mutex_;
    base::condition changed_;
    std::vector<std::string> heard_ STOCKROOM_GUARDED_BY(mutex_);
};

/// Holds its caller up while it does not hear.
class SlowEar final : public Ear {
  public:
    void on_events(std::string_view type, std::string_view bytes) override {
        {
            const base::lock_guard lock(mutex_);
            while (!hears_)
                changed_.wait(mutex_);
        }
        Ear::on_events(type, bytes);
    }
    void stop_hearing() {
        const base::lock_guard lock(mutex_);
        hears_ = false;
    }
    void hear_again() {
        const base::lock_guard lock(mutex_);
        hears_ = true;
        changed_.notify_all();
    }

  private:
    base::mutex mutex_;
    base::condition changed_;
    bool hears_ STOCKROOM_GUARDED_BY(mutex_) = true;
};

class AmqpEvents : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto why = VirtualHost::why_not(); !why.empty()) GTEST_FAIL() << why;
        host_ = std::make_unique<VirtualHost>();
        proxy_ = std::make_unique<TcpProxy>(broker_address());
        bus_ = make_bus(host_->url(proxy_->address()));
        publisher_ = bus_->make_event_publisher();
        publish({{.type = "first", .first = 0, .last = 0, .bytes = "0"}});
    }

    std::unique_ptr<AmqpBus> make_bus(const std::string& url) {
        auto bus = AmqpBus::make({.url = url, .ca_file = {}, .service = "conformance"}, metrics_);
        EXPECT_TRUE(bus) << bus.error();
        return *std::move(bus);
    }

    /// As often as it must.
    void publish(const std::vector<EventMessage>& all) {
        const auto deadline = base::in(60s);
        for (;;) {
            const auto published = publisher_->publish(all, base::in(5s));
            if (published) return;
            ASSERT_EQ(published.error().kind, ports::ErrorKind::retryable);
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << published.error().detail;
        }
    }

    telemetry::Metrics metrics_;
    std::unique_ptr<VirtualHost> host_;
    std::unique_ptr<TcpProxy> proxy_;
    std::unique_ptr<AmqpBus> bus_;
    std::unique_ptr<ports::EventPublisher> publisher_;
};

TEST_F(AmqpEvents, AreKeptByADurableQueueInTheirOrder) {
    host_->make_queue("kept", "stockroom.events");
    publish(messages(1, 700));
    publish(messages(701, 702));
    const auto kept = host_->peek("kept");
    ASSERT_EQ(kept.size(), 702U);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const auto sent = message(static_cast<std::int64_t>(i) + 1);
        ASSERT_EQ(kept[i].bytes, sent.bytes);
        ASSERT_EQ(kept[i].routing_key, sent.type);
        ASSERT_EQ(kept[i].message_id, fmt::format("{0}-{0}", i + 1));
    }
    using Message = VirtualHost::Message;
    EXPECT_THAT(kept, Each(Field(&Message::persistent, true)));
    EXPECT_THAT(kept, Each(Field(&Message::content_type, "application/cloudevents-batch+json")));
}

TEST_F(AmqpEvents, AreTakenAlsoWhenNobodyIsBound) {
    EXPECT_TRUE(publisher_->publish(messages(1, 3), base::in(20s)));
    EXPECT_TRUE(publisher_->publish({}, base::in(20s)));
}

TEST_F(AmqpEvents, AreKeptByTheOthersWhenAQueueIsFull) {
    host_->make_queue("kept", "stockroom.events");
    host_->make_queue("full", "stockroom.events",
                      R"({"x-max-length":1,"x-overflow":"reject-publish"})");
    publish(messages(1, 1));
    const EventMessage four{.type = "item.created", .first = 2, .last = 5, .bytes = "2"};
    const auto taken = publisher_->publish({&four, 1}, base::in(20s));
    ASSERT_TRUE(taken) << taken.error().detail;
    EXPECT_EQ(taken->refused, 4);
    const auto more = publisher_->publish(messages(6, 705), base::in(20s));
    ASSERT_TRUE(more) << more.error().detail;
    EXPECT_EQ(more->refused, 700);
    EXPECT_EQ(proxy_->connections(), 1U) << "it is good";
    const auto kept = host_->peek("kept");
    ASSERT_EQ(kept.size(), 702U);
    for (std::size_t i = 2; i < kept.size(); ++i)
        ASSERT_EQ(kept[i].bytes, std::to_string(i + 4));

    host_->delete_queue("full");
    const auto all = publisher_->publish(messages(706, 706), base::in(20s));
    ASSERT_TRUE(all) << all.error().detail;
    EXPECT_EQ(all->refused, 0);
}

TEST_F(AmqpEvents, AreRefusedByAFullQuorumQueueToo) {
    host_->make_queue(
        "full", "stockroom.events",
        R"({"x-queue-type":"quorum","x-max-length":1,"x-overflow":"reject-publish"})");
    const auto deadline = base::in(60s);
    for (std::int64_t refused = 0; refused == 0;) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        const auto taken = publisher_->publish(messages(1, 9), base::in(20s));
        ASSERT_TRUE(taken) << taken.error().detail;
        refused = taken->refused;
    }
    EXPECT_EQ(proxy_->connections(), 1U);
}

TEST_F(AmqpEvents, AreToBePublishedAgainWhenTheConnectionIsLostAfterARefusal) {
    host_->make_queue("full", "stockroom.events",
                      R"({"x-max-length":1,"x-overflow":"reject-publish"})");
    publish(messages(1, 3));
    host_->delete_queue("full");
    host_->make_queue("kept", "stockroom.events");
    proxy_->cut();
    // It has noticed, and stands again, before anything is published.
    const auto deadline = base::in(60s);
    while (!metrics_.to_text().contains(
        "stockroom_bus_reconnects_total{connection=\"event publisher\"} 1"))
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    const auto published = publisher_->publish(messages(4, 4), base::in(20s));
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().kind, ports::ErrorKind::retryable);
    publish(messages(1, 4));
    EXPECT_EQ(host_->peek("kept").front().bytes, "1") << "nothing went before";
}

TEST_F(AmqpEvents, HaveNoGapInADurableQueueHoweverOftenTheConnectionIsLost) {
    const std::uint64_t seed = std::random_device{}();
    std::cout << "seed " << seed << '\n';
    std::mt19937_64 random(seed);
    host_->make_queue("kept", "stockroom.events");
    constexpr std::int64_t kRounds = 40;
    constexpr std::int64_t kEach = 20;
    for (std::int64_t round = 0; round < kRounds; ++round) {
        // At once with publishing, so anywhere in it.
        std::thread cutter;
        if (random() % 4 == 0) {
            cutter = std::thread([this, turns = random() % 2'000] {
                for (std::uint64_t i = 0; i < turns; ++i)
                    std::this_thread::yield();
                proxy_->cut();
            });
        }
        publish(messages(round * kEach + 1, round * kEach + kEach));
        if (cutter.joinable()) cutter.join();
    }
    std::int64_t seen = 0;
    for (const auto& kept : host_->peek("kept")) {
        const std::int64_t position = std::stoll(kept.bytes);
        ASSERT_LE(position, seen + 1) << "seed " << seed;
        seen = std::max(seen, position);
    }
    EXPECT_EQ(seen, kRounds * kEach) << "seed " << seed;
}

TEST_F(AmqpEvents, AreRefusedWhileTheBrokerIsAway) {
    proxy_->set(TcpProxy::Mode::refuse);
    const auto published = publisher_->publish(messages(1, 3), base::in(20s));
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().kind, ports::ErrorKind::retryable);
    EXPECT_THAT(published.error().detail, HasSubstr("rabbitmq: "));
    proxy_->set(TcpProxy::Mode::pass);
    publish(messages(1, 3));
}

TEST_F(AmqpEvents, AreHeardByEachSubscriberAfterAGap) {
    Ear one;
    Ear other;
    const auto first = bus_->subscribe(one);
    const auto second = bus_->subscribe(other);
    ASSERT_TRUE(one.wait_for_gaps(1));
    ASSERT_TRUE(other.wait_for_gaps(1));
    publish(messages(1, 2));
    for (Ear* ear : {&one, &other})
        EXPECT_THAT(ear->heard_up_to("2 item.created"),
                    ElementsAre("gap", "1 order.partially_fulfilled", "2 item.created"));
}

TEST_F(AmqpEvents, AreHeardInTheirOrderAlsoWhenThereAreMany) {
    Ear ear;
    const auto subscription = bus_->subscribe(ear);
    ASSERT_TRUE(ear.wait_for_gaps(1));
    // Never so many at once that a slow machine could let them grow old.
    constexpr std::int64_t kMany = 5'000;
    constexpr std::int64_t kAtOnce = 500;
    std::vector<std::string> heard;
    for (std::int64_t last = kAtOnce; last <= kMany; last += kAtOnce) {
        publish(messages(last - kAtOnce + 1, last));
        heard = ear.heard_up_to(fmt::format("{} item.created", last));
    }
    ASSERT_EQ(heard.size(), kMany + 1);
    for (std::int64_t position = 1; position <= kMany; ++position)
        ASSERT_THAT(heard[static_cast<std::size_t>(position)],
                    StartsWith(std::to_string(position) + " "));
}

TEST_F(AmqpEvents, AreDroppedRatherThanHeardLate) {
    SlowEar ear;
    const auto subscription = bus_->subscribe(ear);
    ASSERT_TRUE(ear.wait_for_gaps(1));
    constexpr std::int64_t kMany = 3'000;
    ear.stop_hearing();
    publish(messages(1, kMany));
    std::int64_t position = kMany;
    for (const auto until = base::in(2s); std::chrono::steady_clock::now() < until;) {
        position += 2;
        publish(messages(position - 1, position));
    }
    ear.hear_again();
    const auto heard = ear.heard_up_to(fmt::format("{} item.created", position));
    ASSERT_FALSE(heard.empty());
    EXPECT_THAT(heard, Not(Contains(fmt::format("{} item.created", kMany))));
}

TEST_F(AmqpEvents, TellAGapWhenTheConnectionIsLostAndWhenItStandsAgain) {
    Ear ear;
    const auto subscription = bus_->subscribe(ear);
    ASSERT_TRUE(ear.wait_for_gaps(1));
    publish(messages(1, 1));
    ASSERT_FALSE(ear.heard_up_to("1 order.partially_fulfilled").empty());
    proxy_->set(TcpProxy::Mode::refuse);
    ASSERT_TRUE(ear.wait_for_gaps(2));
    proxy_->set(TcpProxy::Mode::pass);
    ASSERT_TRUE(ear.wait_for_gaps(3));
    publish(messages(2, 2));
    EXPECT_THAT(ear.heard_up_to("2 item.created"),
                ElementsAre("gap", "1 order.partially_fulfilled", "gap", "gap", "2 item.created"));
}

TEST_F(AmqpEvents, EndWithTheSubscriptionAlsoWhileTheBrokerIsAway) {
    Ear ear;
    auto subscription = bus_->subscribe(ear);
    ASSERT_TRUE(ear.wait_for_gaps(1));
    subscription.reset();
    publish(messages(1, 1));
    subscription = bus_->subscribe(ear);
    ASSERT_TRUE(ear.wait_for_gaps(2));
    proxy_->set(TcpProxy::Mode::refuse);
    ASSERT_TRUE(ear.wait_for_gaps(3));
    subscription.reset();
    publisher_.reset();
    EXPECT_THAT(ear.heard_up_to("gap"), ElementsAre("gap", "gap", "gap"));
}

}  // namespace
}  // namespace stockroom::conformance
