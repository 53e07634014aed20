#include "stockroom/bus_memory/bus_memory.hpp"

#include <array>
#include <random>

#include <gmock/gmock.h>

#include "bus_suite.hpp"

namespace stockroom::conformance {
namespace {

using namespace std::chrono_literals;
using bus_memory::Chaos;
using bus_memory::MemoryBus;
using ports::Published;
using testing::ElementsAre;
using testing::IsEmpty;

class MemoryFixture final : public BusFixture {
  public:
    ports::Bus& bus() override { return bus_; }
    std::string queue() override { return "stockroom.orders"; }
    std::string other_queue() override { return "stockroom.stock"; }
    std::vector<DeadLetter> dead_letters() override {
        std::vector<DeadLetter> all;
        for (auto& letter : bus_.dead_letters())
            all.push_back({std::move(letter.bytes), std::move(letter.reason)});
        return all;
    }

  private:
    telemetry::Metrics metrics_;
    MemoryBus bus_{metrics_, {.queue_max = kQueueMax}};
};

INSTANTIATE_TEST_SUITE_P(Memory, BusConformance,
                         testing::Values(BusUnderTest{
                             .name = "memory",
                             .make = [] { return std::make_unique<MemoryFixture>(); },
                             .confirms_at_ack = true}),
                         bus_name);

base::Uuid new_id() {
    return base::Uuid::make_v7(base::Time::now());
}

/// Publishes 0…count-1, then takes and acks in threes until nothing is left.
std::vector<std::string> deliveries_under(const Chaos& chaos, int count) {
    telemetry::Metrics metrics;
    MemoryBus bus(metrics, {.chaos = chaos});
    const auto publisher = bus.make_publisher(nullptr);
    const auto consumer = bus.make_consumer("q");
    std::vector<std::string> all;
    int durable = 0;
    for (int i = 0; i < count; ++i)
        publisher->publish("q", new_id(), std::to_string(i), false,
                           [&](Published what) { durable += what == Published::durable ? 1 : 0; });
    while (true) {
        const auto taken = consumer->take(3, base::in(0s));
        if (!taken || taken->empty()) break;
        for (const auto& delivery : *taken) {
            all.push_back(delivery.bytes);
            EXPECT_TRUE(consumer->ack(std::span(&delivery.tag, 1)).has_value());
        }
    }
    EXPECT_EQ(durable, count) << "each is told once, however often it comes";
    return all;
}

TEST(MemoryBusChaos, IsTheSameForTheSameSeed) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Chaos chaos{.seed = seed, .duplicate = 0.3, .delay = 0.3, .reorder = 0.3};
    EXPECT_EQ(deliveries_under(chaos, 200), deliveries_under(chaos, 200));
}

TEST(MemoryBusChaos, DiffersFromSeedToSeed) {
    EXPECT_NE(deliveries_under({.seed = 1, .reorder = 0.5}, 200),
              deliveries_under({.seed = 2, .reorder = 0.5}, 200));
}

TEST(MemoryBusChaos, DeliversAllAtLeastOnceWhateverTheSeed) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        const auto all =
            deliveries_under({.seed = seed, .duplicate = 0.2, .delay = 0.2, .reorder = 0.2}, 100);
        EXPECT_GT(all.size(), 100U);
        for (int i = 0; i < 100; ++i)
            EXPECT_THAT(all, testing::Contains(std::to_string(i)));
    }
}

TEST(MemoryBusChaos, DuplicatesComeAlsoAfterTheFirstWasAcked) {
    EXPECT_THAT(deliveries_under({.seed = 7, .duplicate = 1}, 1), ElementsAre("0", "0"));
}

TEST(MemoryBusChaos, DelayedOnesArePassedByLaterOnes) {
    auto delayed = deliveries_under({.seed = 7, .delay = 0.5}, 100);
    EXPECT_FALSE(std::ranges::is_sorted(delayed, {}, [](const auto& text) { return stoi(text); }));
}

TEST(MemoryBus, ClosedBusTakesNothingAndSaysSo) {
    telemetry::Metrics metrics;
    MemoryBus bus(metrics);
    const auto publisher = bus.make_publisher(nullptr);
    const auto consumer = bus.make_consumer("q");
    std::vector<Published> told;
    const auto tell = [&](Published what) { told.push_back(what); };
    publisher->publish("q", new_id(), "under way", false, tell);
    publisher->publish("q", new_id(), "given back", false, tell);
    const auto taken = consumer->take(2, base::in(1s));
    ASSERT_TRUE(taken.has_value());
    ASSERT_TRUE(consumer->give_back(std::span(&taken->at(1).tag, 1)).has_value());
    publisher->publish("q", new_id(), "waiting", false, tell);
    EXPECT_THAT(told, IsEmpty());

    bus.close();
    EXPECT_THAT(told, ElementsAre(Published::unknown, Published::unavailable));
    EXPECT_NE(bus.trouble(), "");
    EXPECT_FALSE(consumer->take(1, base::in(1s)).has_value());
    publisher->publish("q", new_id(), "too late", false, tell);
    EXPECT_EQ(told.back(), Published::unavailable);
    ASSERT_TRUE(consumer->ack(std::span(&taken->at(0).tag, 1)).has_value());
    EXPECT_EQ(told.back(), Published::durable);
}

TEST(MemoryBus, WhatIsNotAckedWhenTheBusIsClosedIsUnknown) {
    telemetry::Metrics metrics;
    std::vector<Published> told;
    auto bus = std::make_unique<MemoryBus>(metrics);
    const auto publisher = bus->make_publisher(nullptr);
    auto consumer = bus->make_consumer("q");
    publisher->publish("q", new_id(), "a", false, [&](Published what) { told.push_back(what); });
    ASSERT_TRUE(consumer->take(1, base::in(1s)).has_value());
    bus.reset();
    EXPECT_THAT(told, IsEmpty());
    consumer.reset();
    EXPECT_THAT(told, ElementsAre(Published::unknown));
}

TEST(MemoryBus, IsFullOfBytesTooUntilTheyAreAcked) {
    telemetry::Metrics metrics;
    std::vector<Published> told;  // also while the bus ends
    MemoryBus bus(metrics, {.queue_bytes_max = 10});
    const auto publisher = bus.make_publisher(nullptr);
    const auto consumer = bus.make_consumer("q");
    const auto publish = [&](std::size_t bytes) {
        publisher->publish("q", new_id(), std::string(bytes, 'x'), false,
                           [&](Published what) { told.push_back(what); });
    };
    publish(6);
    publish(4);
    publish(1);
    EXPECT_THAT(told, ElementsAre(Published::queue_full));
    const auto taken = consumer->take(2, base::in(1s));
    ASSERT_TRUE(taken.has_value());
    publish(1);
    EXPECT_THAT(told, ElementsAre(Published::queue_full, Published::queue_full));
    const std::array tags{taken->at(0).tag, taken->at(1).tag};
    ASSERT_TRUE(consumer->ack(tags).has_value());
    told.clear();
    publish(11);  // more than there may be, but all there is
    EXPECT_THAT(told, IsEmpty());
}

TEST(MemoryBus, TakesNoMoreDeadLettersThanItHasRoomFor) {
    telemetry::Metrics metrics;
    std::vector<Published> told;  // also while the bus ends
    MemoryBus bus(metrics, {.queue_max = 2});
    const auto publisher = bus.make_publisher(nullptr);
    const auto consumer = bus.make_consumer("q");
    publisher->publish("q", new_id(), "x", false, [&](Published what) { told.push_back(what); });
    const auto taken = consumer->take(1, base::in(1s));
    ASSERT_TRUE(taken.has_value());
    const auto tag = taken->at(0).tag;
    EXPECT_TRUE(consumer->dead_letter(tag, "1", "why").has_value());
    EXPECT_TRUE(consumer->dead_letter(tag, "2", "why").has_value());
    const auto refused = consumer->dead_letter(tag, "3", "why");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ports::ErrorKind::retryable);
    EXPECT_EQ(bus.dead_letters().size(), 2U);
}

TEST(MemoryBus, RefusesAnUnknownTag) {
    telemetry::Metrics metrics;
    MemoryBus bus(metrics);
    const auto consumer = bus.make_consumer("q");
    const std::uint64_t tag = 17;
    EXPECT_FALSE(consumer->ack(std::span(&tag, 1)).has_value());
    EXPECT_FALSE(consumer->give_back(std::span(&tag, 1)).has_value());
    EXPECT_FALSE(consumer->dead_letter(tag, "", "").has_value());
}

TEST(MemoryBus, ShowsItsDepthInTheMetrics) {
    telemetry::Metrics metrics;
    MemoryBus bus(metrics);
    const auto publisher = bus.make_publisher(nullptr);
    publisher->publish("q", new_id(), "x", false, [](Published) {});
    EXPECT_THAT(metrics.to_text(),
                testing::HasSubstr("stockroom_queue_depth_messages{queue=\"q\"} 1"));
}

}  // namespace
}  // namespace stockroom::conformance
