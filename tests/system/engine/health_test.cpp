#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "stockroom/contract/json.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/engine/worker.hpp"
#include "stockroom/health/service.hpp"

#include "world.hpp"

namespace stockroom::system_test {
namespace {

using contract::JsonValue;
using namespace std::chrono_literals;

/// The health service on a bus in memory and a SQLite file, and beside it an engine on
/// stockroom.orders that comes and goes.
class Health : public testing::Test {
  protected:
    Health() {
        start_orders();
        health::Options options;
        options.interval = 20ms;
        options.doubt_interval = 20ms;
        options.patience = 2s;  // the machine may be slow
        options.locals = {{.name = "orders", .trouble = [this] { return orders_trouble_; }}};
        options.queues = {std::string(contract::kOrdersQueue), std::string(contract::kHealthQueue)};
        options.local_figures = [this](std::string_view queue) {
            const auto counts = world_.bus().counts(queue);
            return health::QueueFigures{.consumers = static_cast<std::int64_t>(counts.consumers),
                                        .ready = static_cast<std::int64_t>(counts.ready),
                                        .unacked = static_cast<std::int64_t>(counts.unacked)};
        };
        auto ask = [queries = std::shared_ptr(
                        world_.make_queries())]() -> std::expected<void, ports::Error> {
            if (auto head = queries->log_head(); !head) return std::unexpected(head.error());
            return {};
        };
        health_.emplace(
            world_.bus(), world_.make_store(),
            std::make_unique<health::DeadLetterDesk>(world_.bus(), world_.make_store(),
                                                     world_.make_queries(), world_.metrics()),
            world_.metrics());
        health_->make_monitor({.ask = std::move(ask),
                               .store = world_.make_store(),
                               .queries = world_.make_queries(),
                               .lead = nullptr},
                              std::move(options));
        health_->start();
        health_->start_monitor();
    }

    void start_orders() {
        orders_.emplace(engine::EngineOptions{.service = "orders",
                                              .queue = std::string(contract::kOrdersQueue)},
                        world_.bus(), world_.make_store(), world_.metrics());
        orders_->start();
    }

    std::string state_of(std::string_view name) {
        const auto json = contract::read_json(health_->health_json());
        for (const JsonValue& part : *json->find("parts")->as<JsonValue::Array>())
            if (*part.find("name")->as<std::string>() == name)
                return *part.find("state")->as<std::string>();
        return "not watched";
    }
    bool becomes(std::string_view name, std::string_view state) {
        return eventually([&] { return state_of(name) == state; });
    }
    /// The part's, the newest first.
    std::vector<domain::Incident> incidents(std::string_view name) {
        std::vector<domain::Incident> found;
        for (auto& incident : world_.make_queries()->incidents({.cursor = {}, .limit = 500})->rows)
            if (incident.part == name) found.push_back(std::move(incident));
        return found;
    }

    World world_;
    std::string orders_trouble_;  // set before the monitor runs
    std::optional<engine::Worker> orders_;
    std::optional<health::HealthService> health_;
};

TEST_F(Health, FindsEveryPartUp) {
    for (const auto* name : {"orders", "health", "store", "stockroom.orders", "stockroom.health"})
        EXPECT_TRUE(becomes(name, "up")) << name << " is " << state_of(name);
    EXPECT_EQ(state_of("broker"), "not watched") << "there is none";
}

TEST_F(Health, TellsOfAQueueWithoutAConsumerAndOfItsReturn) {
    const std::string queue(contract::kOrdersQueue);
    ASSERT_TRUE(becomes(queue, "up"));
    orders_.reset();
    ASSERT_TRUE(becomes(queue, "down"));
    ASSERT_TRUE(eventually([&] { return !incidents(queue).empty(); }));
    EXPECT_EQ(incidents(queue).front().cause, "nobody consumes it");

    start_orders();
    ASSERT_TRUE(becomes(queue, "up"));
    ASSERT_TRUE(eventually([&] { return incidents(queue).front().ended_at.has_value(); }));
    const auto incident = incidents(queue).front();
    EXPECT_EQ(incident.state, domain::PartState::down);
    EXPECT_LE(incident.started_at, incident.reported_at);
    EXPECT_LE(incident.started_at, *incident.ended_at);

    std::size_t changes = 0;
    for (const auto& logged : world_.events())
        changes += logged.event.type == "health.changed" && logged.event.key == "health/" + queue;
    EXPECT_GE(changes, 2U) << "down and up";
    world_.expect_sound();
}

TEST_F(Health, ShowsTheWayThroughAQueueAndBack) {
    ASSERT_TRUE(becomes(std::string(contract::kOrdersQueue), "up"));
    const auto json = contract::read_json(health_->health_json());
    for (const JsonValue& part : *json->find("parts")->as<JsonValue::Array>())
        if (*part.find("kind")->as<std::string>() == "queue" &&
            *part.find("state")->as<std::string>() == "up") {
            EXPECT_NE(part.find("round_trip_us"), nullptr);
        }
    EXPECT_EQ(world_.metrics().to_text().find("kind=\"ping\""), std::string::npos)
        << "pings are no commands that were decided";
}

}  // namespace
}  // namespace stockroom::system_test
