#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/base/check.hpp"
#include "stockroom/engine/engine.hpp"

#include "testing/fakes.hpp"

namespace stockroom::engine {
namespace {

using namespace engine::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const ports::Error kAway{ports::ErrorKind::retryable, "the store is away"};

EngineOptions orders_engine(std::chrono::milliseconds backoff) {
    return {.service = "orders",
            .queue = "stockroom.orders",
            .backoff_min = backoff,
            .backoff_max = backoff};
}

TEST(Engine, HoldsWhatItTookAndTakesNoMoreWhileTheStoreIsAway) {
    std::stop_source stop;
    OneTake consumer(orders(3, 1), stop);
    CountingStore store;
    telemetry::Metrics metrics;
    Engine engine(orders_engine(std::chrono::milliseconds(1)), consumer, store, metrics);

    int attempts = 0;
    store.on_begin = [&]() -> std::optional<ports::Error> {
        if (++attempts == 4) {
            EXPECT_EQ(engine.trouble(), kAway.detail);
            const std::string text = metrics.to_text();
            EXPECT_THAT(text, HasSubstr("stockroom_oldest_taken_seconds{service=\"orders\"} 0."));
            EXPECT_THAT(text, HasSubstr("stockroom_messages_in_flight{service=\"orders\"} 3\n"));
            return std::nullopt;
        }
        EXPECT_EQ(consumer.takes, 1);
        return kAway;
    };
    engine.run(stop.get_token());

    EXPECT_EQ(attempts, 4);
    EXPECT_EQ(engine.trouble(), "");
    EXPECT_THAT(consumer.acked, ElementsAre(1, 2, 3));
    EXPECT_THAT(store.commits, ElementsAre(3));
    const std::string text = metrics.to_text();
    EXPECT_THAT(text, HasSubstr("stockroom_oldest_taken_seconds{service=\"orders\"} 0\n"));
    EXPECT_THAT(text,
                HasSubstr("stockroom_batch_retries_total{after=\"trouble\",service=\"orders\"} 3"));
}

TEST(Engine, AStopEndsTheWaitForTheStoreAndGivesAllBack) {
    std::stop_source stop;
    OneTake consumer(orders(3, 1), stop);
    CountingStore store;
    telemetry::Metrics metrics;
    // One attempt, then a wait that nothing but the stop ends.
    Engine engine(orders_engine(std::chrono::hours(1)), consumer, store, metrics);
    int attempts = 0;
    std::jthread stopper;
    store.on_begin = [&]() -> std::optional<ports::Error> {
        ++attempts;
        stopper = std::jthread([&stop] { stop.request_stop(); });
        return kAway;
    };
    engine.run(stop.get_token());

    EXPECT_EQ(attempts, 1);
    EXPECT_THAT(consumer.given_back, ElementsAre(1, 2, 3));
    EXPECT_THAT(consumer.acked, IsEmpty());
    EXPECT_THAT(store.commits, IsEmpty());
}

TEST(Engine, DecidesByTheRulesItIsGiven) {
    std::stop_source stop;
    OneTake consumer(orders(3, 1), stop);
    CountingStore store;
    telemetry::Metrics metrics;
    EngineOptions options = orders_engine(std::chrono::milliseconds(1));
    options.decide = [](const domain::Snapshot& snapshot, const domain::Command& command) {
        CHECK(command.id != id(2), "a rule that trips over this one");
        return domain::decide(snapshot, command);
    };
    Engine engine(options, consumer, store, metrics);
    engine.run(stop.get_token());

    EXPECT_EQ(consumer.dead, 1);
    EXPECT_THAT(consumer.acked, ElementsAre(1, 2, 3));
    EXPECT_THAT(store.commits, ElementsAre(2));
}

}  // namespace
}  // namespace stockroom::engine
