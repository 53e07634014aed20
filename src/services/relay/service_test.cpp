#include "stockroom/relay/service.hpp"

#include <atomic>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/base/check.hpp"

#include "testing/fakes.hpp"

namespace stockroom::relay {
namespace {

using namespace std::chrono_literals;
using testing::Bus;
using ::testing::HasSubstr;
using testing::World;

struct Running {
    explicit Running(World& world, OnFailure on_failure = {})
        : bus(world),
          service(bus, std::make_unique<World::Log>(world), metrics, std::move(on_failure),
                  {.poll_interval = 1ms, .lead_interval = 5ms}) {
        service.start();
    }
    Bus bus;
    telemetry::Metrics metrics;
    RelayService service;
};

TEST(RelayService, IsInTroubleUntilItIsStarted) {
    World world;
    Bus bus(world);
    telemetry::Metrics metrics;
    RelayService service(bus, std::make_unique<World::Log>(world), metrics);
    EXPECT_EQ(service.trouble(), "not started");
    service.stop();
}

TEST(RelayService, PublishesUntilItIsStoppedAndSavesHowFar) {
    World world;
    world.append("a", 3);
    Running relay(world);
    ASSERT_TRUE(world.wait_until([&] { return world.positions().size() == 3; }));
    world.append("b", 2);
    ASSERT_TRUE(world.wait_until([&] { return world.positions().size() == 5; }));
    EXPECT_EQ(relay.service.trouble(), "");
    relay.service.stop();
    relay.service.stop();
    EXPECT_EQ(world.saved(), 5);
}

TEST(RelayService, GivesUpTheLeadWhenItStops) {
    World world;
    world.append("a", 3);
    Running first(world);
    ASSERT_TRUE(world.wait_until([&] { return world.positions().size() == 3; }));
    Running second(world);
    first.service.stop();
    world.append("a");
    EXPECT_TRUE(world.wait_until([&] { return world.positions().size() == 4; }));
}

TEST(RelayService, StopsWhileTheStoreIsAway) {
    World world;
    world.on_call = [](std::string_view) { return std::optional(testing::retryable("gone")); };
    Running relay(world);
    ASSERT_TRUE(world.wait_until([&] { return relay.service.trouble() == "gone"; }));
    relay.service.stop();
}

TEST(RelayService, TellsOfItsBug) {
    World world;
    std::promise<std::string> told;
    world.on_call = [](std::string_view call) -> std::optional<ports::Error> {
        CHECK(call != "events_after", "a test's bug");
        return std::nullopt;
    };
    Running relay(world, [&told](const std::string& reason) { told.set_value(reason); });
    auto reason = told.get_future();
    ASSERT_EQ(reason.wait_for(20s), std::future_status::ready);
    EXPECT_THAT(reason.get(), HasSubstr("a test's bug"));
    EXPECT_THAT(relay.service.trouble(), HasSubstr("a test's bug"));
}

}  // namespace
}  // namespace stockroom::relay
