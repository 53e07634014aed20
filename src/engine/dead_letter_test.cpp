#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/engine/engine.hpp"

#include "testing/fakes.hpp"

namespace stockroom::engine {
namespace {

using namespace engine::testing;
using ::testing::ElementsAre;

/// Two orders, and between them what nobody can read.
std::vector<ports::Delivery> with_poison(std::size_t poison, std::uint32_t earlier_deliveries) {
    auto deliveries = orders(2, 1);
    for (std::uint64_t tag = 3; tag < 3 + poison; ++tag)
        deliveries.insert(deliveries.end() - 1,
                          {.tag = tag, .bytes = "?", .reply_to = "", .earlier_deliveries = 0});
    for (auto& delivery : deliveries)
        delivery.earlier_deliveries = earlier_deliveries;
    return deliveries;
}

TEST(Engine, GivesBackWhatTheBusDoesNotSetAsideAndAsksItOnce) {
    std::stop_source stop;
    OneTake consumer(with_poison(3, 0), stop);
    consumer.takes_no_dead_letters = true;
    CountingStore store;
    telemetry::Metrics metrics;
    Engine engine({.service = "orders", .queue = "stockroom.orders"}, consumer, store, metrics);
    engine.run(stop.get_token());

    EXPECT_EQ(consumer.dead, 1) << "each attempt may wait for seconds";
    EXPECT_THAT(consumer.acked, ElementsAre(1, 2));
    EXPECT_THAT(consumer.given_back, ElementsAre(3, 4, 5));
    EXPECT_THAT(store.commits, ElementsAre(2));
}

TEST(Engine, AsksTheBusAgainWithTheNextMessages) {
    std::stop_source stop;
    OneTake consumer(with_poison(3, 1), stop);
    consumer.takes_no_dead_letters = true;
    CountingStore store;
    telemetry::Metrics metrics;
    Engine engine({.service = "orders", .queue = "stockroom.orders"}, consumer, store, metrics);
    engine.run(stop.get_token());

    EXPECT_EQ(consumer.dead, 3);
    EXPECT_THAT(consumer.acked, ElementsAre(1, 2));
    EXPECT_THAT(consumer.given_back, ElementsAre(3, 4, 5));
}

TEST(Engine, AStopAmidMessagesDeliveredAgainGivesTheRestBack) {
    std::stop_source stop;
    OneTake consumer(with_poison(3, 1), stop);
    consumer.takes_no_dead_letters = true;
    consumer.on_dead_letter = [&stop] { stop.request_stop(); };
    CountingStore store;
    telemetry::Metrics metrics;
    Engine engine({.service = "orders", .queue = "stockroom.orders"}, consumer, store, metrics);
    engine.run(stop.get_token());

    EXPECT_EQ(consumer.dead, 1);
    EXPECT_THAT(consumer.acked, ElementsAre(1));
    EXPECT_THAT(consumer.given_back, ElementsAre(3, 4, 5, 2));
}

}  // namespace
}  // namespace stockroom::engine
