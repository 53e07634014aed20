#include <numeric>

#include <gtest/gtest.h>

#include "stockroom/engine/engine.hpp"

#include "testing/fakes.hpp"

namespace stockroom::engine {
namespace {

using namespace testing;

/// Together more than two commits take in.
std::vector<ports::Delivery> large_orders() {
    return orders(100, domain::kMaxOrderLines);
}

struct Given {
    void run() {
        Engine engine({.service = "orders", .queue = "stockroom.orders"}, consumer, store, metrics);
        engine.run(stop.get_token());
    }

    std::stop_source stop;
    OneTake consumer{large_orders(), stop};
    CountingStore store;
    telemetry::Metrics metrics;
};

TEST(Engine, CommitsLargeCommandsInSeveralCommits) {
    Given given;
    given.run();
    EXPECT_GT(given.store.commits.size(), 2U);
    EXPECT_EQ(std::accumulate(given.store.commits.begin(), given.store.commits.end(), 0UZ), 100U);
    EXPECT_EQ(given.consumer.acked.size(), 100U);
    EXPECT_TRUE(given.consumer.given_back.empty());
}

TEST(Engine, StopsBetweenTheCommitsOfOneTake) {
    Given given;
    given.store.stop_after_commit = &given.stop;
    given.run();
    ASSERT_EQ(given.store.commits.size(), 1U);
    EXPECT_EQ(given.consumer.acked.size(), given.store.commits[0]);
    EXPECT_EQ(given.consumer.given_back.size(), 100U - given.store.commits[0]);
}

TEST(Engine, GoesOnWhenOthersExpireWhatItFoundDue) {
    for (const int times : {3, 25}) {
        Given given;
        given.store.expired_by_others = times;
        given.run();
        EXPECT_EQ(given.consumer.acked.size(), 100U);
        EXPECT_EQ(given.consumer.dead, 0);
    }
}

TEST(Engine, StopsWhileItExpiresWhatIsDue) {
    Given given;
    given.store.has_endless_due = true;
    given.store.stop_after_commit = &given.stop;
    given.run();
    EXPECT_EQ(given.store.commits, (std::vector<std::size_t>{0}));
    EXPECT_TRUE(given.consumer.acked.empty());
    EXPECT_EQ(given.consumer.given_back.size(), 100U);
}

}  // namespace
}  // namespace stockroom::engine
