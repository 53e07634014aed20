#include <gtest/gtest.h>

#include "stockroom/engine/engine.hpp"

#include "testing/fakes.hpp"

namespace stockroom::engine {
namespace {

using namespace testing;

TEST(Engine, BuriesACommandWhoseConflictNeverEnds) {
    std::stop_source stop;
    OneTake consumer(orders(3, 1), stop);
    CountingStore store;
    store.conflicting = id(2);
    telemetry::Metrics metrics;
    Engine engine({.service = "orders",
                   .queue = "stockroom.orders",
                   .backoff_min = std::chrono::milliseconds(0),
                   .backoff_max = std::chrono::milliseconds(0)},
                  consumer, store, metrics);
    engine.run(stop.get_token());
    EXPECT_EQ(store.commits, (std::vector<std::size_t>{1, 0, 1}));
    EXPECT_EQ(consumer.dead, 1);
    EXPECT_EQ(consumer.acked, (std::vector<std::uint64_t>{1, 2, 3}));
}

}  // namespace
}  // namespace stockroom::engine
