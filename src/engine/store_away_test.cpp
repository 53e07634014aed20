#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/base/check.hpp"
#include "stockroom/engine/engine.hpp"
#include "stockroom/engine/worker.hpp"

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

double oldest_taken(const telemetry::Metrics& metrics) {
    const std::string text = metrics.to_text();
    const std::string_view name = "\nstockroom_oldest_taken_seconds{service=\"orders\"} ";
    return std::stod(text.substr(text.find(name) + name.size()));
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
            const double age = oldest_taken(metrics);
            EXPECT_GT(age, 0);
            EXPECT_GT(oldest_taken(metrics), age) << "also while nothing is tried";
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

/// Has one consumer, for one worker.
class OneConsumer final : public ports::Bus {
  public:
    explicit OneConsumer(std::unique_ptr<ports::Consumer> consumer)
        : consumer_(std::move(consumer)) {}
    std::unique_ptr<ports::Publisher> make_publisher(ports::ReplyHandler /*on_replies*/) override {
        return nullptr;
    }
    std::unique_ptr<ports::Consumer> make_consumer(std::string_view /*queue*/) override {
        return std::move(consumer_);
    }
    [[nodiscard]] std::string trouble() const override { return ""; }

  private:
    std::unique_ptr<ports::Consumer> consumer_;
};

TEST(Worker, TakesNothingBeforeItsStoreCanBeUsed) {
    std::stop_source taken;
    auto owned = std::make_unique<OneTake>(std::vector<ports::Delivery>{}, taken);
    const OneTake& consumer = *owned;
    OneConsumer bus(std::move(owned));
    auto store = std::make_unique<CountingStore>();
    telemetry::Metrics metrics;
    const Worker* asks = nullptr;
    int attempts = 0;
    store->on_begin = [&]() -> std::optional<ports::Error> {
        EXPECT_EQ(consumer.takes, 0);
        if (attempts > 0) EXPECT_EQ(asks->trouble(), kAway.detail);
        if (++attempts < 4) return kAway;
        return std::nullopt;
    };
    Worker worker(orders_engine(std::chrono::milliseconds(1)), bus, std::move(store), metrics);
    asks = &worker;
    worker.start();
    std::promise<void> took;
    const std::stop_callback tell(taken.get_token(), [&took] { took.set_value(); });
    ASSERT_EQ(took.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
    worker.stop();
    EXPECT_EQ(attempts, 4);
    EXPECT_EQ(worker.trouble(), "");
}

TEST(Worker, StopsWhileItsStoreCannotBeUsed) {
    std::stop_source taken;
    OneConsumer bus(std::make_unique<OneTake>(std::vector<ports::Delivery>{}, taken));
    auto store = std::make_unique<CountingStore>();
    std::promise<void> asked;
    store->on_begin = [&asked, first = true]() mutable -> std::optional<ports::Error> {
        if (std::exchange(first, false)) asked.set_value();
        return kAway;
    };
    telemetry::Metrics metrics;
    Worker worker(orders_engine(std::chrono::hours(1)), bus, std::move(store), metrics);
    worker.start();
    ASSERT_EQ(asked.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
    worker.stop();
    EXPECT_FALSE(taken.stop_requested());
}

}  // namespace
}  // namespace stockroom::engine
