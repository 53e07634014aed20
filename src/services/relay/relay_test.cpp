#include "stockroom/relay/relay.hpp"

#include <iostream>
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/base/check.hpp"

#include "testing/rig.hpp"

namespace stockroom::relay {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::fail_calls;
using ::testing::IsEmpty;
using testing::retryable;
using testing::Rig;
using testing::up_to;
using testing::World;

TEST(Relay, PublishesTheLogInItsOrder) {
    World world;
    world.append("order.reserved", 3);
    world.append("level.changed", 2);
    world.append("order.reserved");
    Rig rig(world, 100);
    rig.step(2);
    EXPECT_EQ(world.positions(), up_to(6));
    EXPECT_EQ(rig.rest, rig.options.poll_interval);
    const auto messages = world.messages();
    ASSERT_GE(messages.size(), 3U);
    EXPECT_EQ(messages[0].type, "order.reserved");
    EXPECT_EQ(messages[1].type, "level.changed");
    EXPECT_EQ(messages[2].type, "order.reserved");
}

TEST(Relay, GoesOnAtOnceWhileThereIsMore) {
    World world;
    world.append("a", 10);
    Rig rig(world, 4);
    rig.step(3);
    EXPECT_EQ(rig.rest, 0ms);
    rig.step();
    EXPECT_EQ(rig.rest, rig.options.poll_interval);
    EXPECT_EQ(world.positions(), up_to(10));
    world.append("a", 2);
    rig.step();
    EXPECT_EQ(world.positions(), up_to(12));
}

TEST(Relay, GoesOnFromTheSavedPosition) {
    World world;
    world.append("a", 3);
    {
        Rig rig(world);
        rig.step(2);
        rig.relay->finish();
    }
    EXPECT_EQ(world.saved(), 3);
    world.append("a", 2);
    Rig rig(world);
    rig.step(2);
    EXPECT_EQ(world.positions(), up_to(5));
}

TEST(Relay, SavesWhenTheTimeHasComeOrEnoughIsUnsaved) {
    World world;
    world.append("a", 4);
    Rig rig(world, 4);
    rig.options.unsaved_max = 4;
    rig.remake();
    rig.step(2);
    EXPECT_EQ(world.saved(), 0);
    rig.step();
    EXPECT_EQ(world.saved(), 4) << "the first of a leader's at once";
    world.append("a");
    rig.step(2);
    EXPECT_EQ(world.saved(), 4);
    rig.time += rig.options.save_interval;
    rig.step();
    EXPECT_EQ(world.saved(), 5) << "by time";
    world.append("a", 4);
    rig.step();
    EXPECT_EQ(world.saved(), 5);
    rig.step();
    EXPECT_EQ(world.saved(), 9) << "by count";
}

TEST(Relay, StandbyPublishesNothingAndAsksAgain) {
    World world;
    world.append("a", 3);
    Rig leader(world);
    leader.step();
    Rig standby(world);
    standby.step(5);
    EXPECT_EQ(standby.rest, standby.options.lead_interval);
    EXPECT_THAT(world.messages(), IsEmpty());
    EXPECT_EQ(standby.relay->trouble(), "");
    EXPECT_EQ(standby.metric("stockroom_relay_leader"), "0");

    leader.log.reset();  // its process died
    standby.step(2);
    EXPECT_EQ(world.positions(), up_to(3));
    EXPECT_EQ(standby.metric("stockroom_relay_leader"), "1");
}

TEST(Relay, StandbyAsksOftenEnough) {
    EXPECT_LT(RelayOptions().lead_interval + RelayOptions().backoff_max, 5s);
}

TEST(Relay, LosesTheLeadWithTheStore) {
    World world;
    world.append("a", 2);
    Rig rig(world);
    rig.step(2);
    bool fails = true;
    fail_calls(world, "events_after", fails);
    rig.step();
    EXPECT_EQ(rig.metric("stockroom_relay_leader"), "0");
    EXPECT_EQ(rig.relay->trouble(), "events_after failed");

    World::Log other(world);
    ASSERT_TRUE(other.take_lead().value());
    fails = false;
    world.append("a", 2);
    rig.step(3);
    EXPECT_EQ(world.positions(), up_to(2)) << "another one leads";
    EXPECT_EQ(rig.relay->trouble(), "");
}

TEST(Relay, LosesTheLeadWhenTheStoreRefusesForGoodToo) {
    World world;
    world.append("a", 2);
    Rig rig(world);
    rig.step();
    bool fails = true;
    fail_calls(world, "save_position", fails, ports::ErrorKind::permanent);
    rig.step();
    rig.time += rig.options.save_interval;
    rig.step();
    EXPECT_EQ(rig.relay->trouble(), "save_position failed");
    EXPECT_EQ(rig.metric("stockroom_relay_leader"), "0");
}

TEST(Relay, KeepsTheLeadWhileTheBusIsAway) {
    World world;
    world.append("a", 2);
    Rig rig(world);
    bool fails = true;
    fail_calls(world, "publish", fails);
    rig.step(3);
    EXPECT_EQ(rig.metric("stockroom_relay_leader"), "1");
    EXPECT_EQ(rig.metric("stockroom_relay_lag_positions"), "2");
    EXPECT_GT(std::stod(rig.metric("stockroom_relay_lag_seconds")), 1.0);
    EXPECT_EQ(rig.relay->trouble(), "publish failed");
    EXPECT_EQ(world.saved(), 0);

    fails = false;
    rig.step(2);
    EXPECT_EQ(world.positions(), up_to(2));
    EXPECT_EQ(rig.metric("stockroom_relay_lag_positions"), "0");
    EXPECT_EQ(rig.metric("stockroom_relay_lag_seconds"), "0");
    EXPECT_EQ(rig.relay->trouble(), "");
}

/// Publishing fails for so long, in steps of half a second.
void fail_to_publish(Rig& rig, std::chrono::milliseconds time) {
    for (const auto end = rig.time + time; rig.time < end; rig.time += 500ms)
        rig.step();
}

TEST(Relay, GivesUpTheLeadWhenItCannotPublishForLong) {
    World world;
    world.append("a", 2);
    Rig rig(world);
    rig.step(2);
    bool fails = true;
    fail_calls(world, "publish", fails);
    world.append("a", 2);
    fail_to_publish(rig, rig.options.failing_max);
    EXPECT_EQ(rig.metric("stockroom_relay_leader"), "1");
    rig.step();
    EXPECT_EQ(rig.metric("stockroom_relay_leader"), "0");
    EXPECT_EQ(rig.relay->trouble(), "publish failed");

    fails = false;
    Rig other(world);
    rig.step(3);
    EXPECT_EQ(world.positions(), up_to(2)) << "the other one gets its chance";
    other.step(2);
    EXPECT_EQ(world.positions(), up_to(4));
    rig.time += rig.options.chance_time;
    rig.step();
    EXPECT_EQ(rig.relay->trouble(), "");
    EXPECT_EQ(rig.rest, rig.options.lead_interval);
    EXPECT_GT(rig.options.chance_time, rig.options.lead_interval);
}

TEST(Relay, KeepsTheLeadLongerEachTimeThatItHasItInVain) {
    World world;
    Rig rig(world);
    bool fails = true;
    fail_calls(world, "publish", fails);
    auto keeps = rig.options.failing_max;
    for (int i = 0; i < 6; ++i) {
        rig.step();
        fail_to_publish(rig, keeps);
        EXPECT_EQ(rig.metric("stockroom_relay_leader"), "1") << i;
        rig.step();
        EXPECT_EQ(rig.metric("stockroom_relay_leader"), "0") << i;
        rig.time += rig.options.chance_time;
        keeps = std::min(2 * keeps, rig.options.failing_max_max);
    }
    fails = false;
    world.append("a", 2);
    rig.step(3);
    EXPECT_EQ(world.positions(), up_to(2));
    EXPECT_EQ(rig.relay->trouble(), "");

    fails = true;
    world.append("a");
    fail_to_publish(rig, rig.options.failing_max);
    rig.step();
    EXPECT_EQ(rig.metric("stockroom_relay_leader"), "0") << "as at first";
}

TEST(Relay, AsksTheLogOftenEnoughToKeepTheLead) {
    const RelayOptions options;
    EXPECT_LT(options.publish_time_max + options.backoff_max, ports::RelayLog::kSilenceMax);
    EXPECT_LT(options.heartbeat_interval / 2 + options.publish_time_max + options.backoff_max,
              ports::RelayLog::kSilenceMax);
    EXPECT_LT(options.lead_time_max, ports::RelayLog::kSilenceMax);
}

TEST(Relay, PublishesNothingLongAfterItHasReadIt) {
    World world;
    world.append("a", 2);
    Rig rig(world);
    rig.options.lead_time_max = 50ms;
    rig.remake();
    rig.step();
    const auto begin = std::chrono::steady_clock::now();
    rig.step();
    ASSERT_TRUE(world.publish_deadline());
    EXPECT_LE(*world.publish_deadline(), std::chrono::steady_clock::now() + 50ms);
    EXPECT_GE(*world.publish_deadline(), begin);
}

TEST(Relay, WaitsLongerWithEachFailureUpToABound) {
    World world;
    Rig rig(world);
    bool fails = true;
    fail_calls(world, "take_lead", fails);
    rig.step();
    EXPECT_EQ(rig.rest, rig.options.backoff_min);
    rig.step();
    EXPECT_EQ(rig.rest, 2 * rig.options.backoff_min);
    rig.step(40);
    EXPECT_EQ(rig.rest, rig.options.backoff_max);
    fails = false;
    rig.step(2);
    fails = true;
    fail_calls(world, "events_after", fails);
    rig.step();
    EXPECT_EQ(rig.rest, rig.options.backoff_min);
}

TEST(Relay, IsInTroubleAlsoWhileItGetsTheLeadAgainAndAgain) {
    World world;
    Rig rig(world);
    bool fails = true;
    fail_calls(world, "events_after", fails);
    rig.step(2 * 20);
    EXPECT_EQ(rig.rest, rig.options.backoff_max);
    EXPECT_EQ(rig.relay->trouble(), "events_after failed");
    fails = false;
    rig.step(2);
    EXPECT_EQ(rig.relay->trouble(), "");
}

TEST(Relay, ShowsHowFarItLagsBehindALongLog) {
    World world;
    world.append("a", 10);
    Rig rig(world, 4);
    rig.step(2);
    EXPECT_EQ(rig.metric("stockroom_relay_lag_positions"), "6");
    EXPECT_GT(std::stod(rig.metric("stockroom_relay_lag_seconds")), 1.0);
    rig.step(2);
    EXPECT_EQ(rig.metric("stockroom_relay_lag_positions"), "0");
    EXPECT_EQ(rig.metric("stockroom_relay_events_total"), "10");
}

TEST(Relay, EndsAtAGapInTheLog) {
    class Gap final : public ports::RelayLog {
      public:
        Result<bool> take_lead() override { return true; }
        void give_up_lead() override {}
        Result<std::int64_t> position() override { return 4; }
        Result<void> save_position(std::int64_t) override { return {}; }
        Result<std::vector<ports::LoggedEvent>> events_after(std::int64_t, std::size_t) override {
            std::vector<ports::LoggedEvent> events(2);
            events[0].position = 5;
            events[1].position = 7;
            return events;
        }
        Result<std::int64_t> log_head() override { return 7; }
    } log;
    World world;
    World::Publisher publisher(world);
    telemetry::Metrics metrics;
    Relay relay({}, publisher, log, metrics);
    EXPECT_EQ(relay.step(), 0ms);
    EXPECT_THROW((void)relay.step(), base::bug);
    EXPECT_THAT(world.messages(), IsEmpty());
}

TEST(RelayHeartbeat, ComesEachIntervalWithTheLastPosition) {
    World world;
    Rig rig(world);
    rig.step(3);
    EXPECT_THAT(world.heartbeats(), ElementsAre(0));
    world.append("a", 2);
    rig.step();
    rig.time += rig.options.heartbeat_interval - 1ms;
    rig.step();
    EXPECT_THAT(world.heartbeats(), ElementsAre(0));
    rig.time += 1ms;
    rig.step(2);
    EXPECT_THAT(world.heartbeats(), ElementsAre(0, 2));
}

TEST(RelayHeartbeat, FollowsWhatItSpeaksOf) {
    World world;
    world.append("a", 2);
    Rig rig(world);
    rig.step(2);
    const auto messages = world.messages();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0].last, 2);
    EXPECT_EQ(messages[1].type, contract::kHeartbeatType);
    EXPECT_EQ(messages[1].last, 2);
}

TEST(RelayHeartbeat, IsNotGivenByAStandby) {
    World world;
    Rig leader(world);
    leader.step();
    Rig standby(world);
    for (int i = 0; i < 5; ++i) {
        standby.time += standby.options.heartbeat_interval;
        standby.step();
    }
    EXPECT_THAT(world.heartbeats(), IsEmpty());
}

TEST(RelayHeartbeat, IsNotGivenWhileTheLogCannotBeRead) {
    World world;
    world.append("a");
    Rig rig(world);
    rig.step(2);
    ASSERT_THAT(world.heartbeats(), ElementsAre(1));
    bool fails = true;
    fail_calls(world, "events_after", fails);
    for (int i = 0; i < 6; ++i) {
        rig.time += rig.options.heartbeat_interval;
        rig.step();
    }
    EXPECT_THAT(world.heartbeats(), ElementsAre(1));
    fails = false;
    rig.step(2);
    EXPECT_THAT(world.heartbeats(), ElementsAre(1, 1));
}

TEST(RelayHeartbeat, IsNotGivenWhileItLags) {
    World world;
    world.append("a", 100);
    Rig rig(world, 10);
    for (int i = 0; i < 8; ++i) {
        rig.time += rig.options.heartbeat_interval;
        rig.step();
    }
    EXPECT_THAT(world.heartbeats(), IsEmpty());
    rig.step(4);
    EXPECT_THAT(world.heartbeats(), ElementsAre(100));
}

TEST(RelayHeartbeat, IsNotGivenForWhatWasReadTooLongAgo) {
    World world;
    world.append("a");
    Rig rig(world);
    world.on_call = [&rig](std::string_view call) -> std::optional<ports::Error> {
        if (call == "publish") rig.time += rig.options.heartbeat_interval / 2;
        return std::nullopt;
    };
    rig.step(2);
    EXPECT_EQ(world.positions(), up_to(1));
    EXPECT_THAT(world.heartbeats(), IsEmpty());
    rig.step();
    EXPECT_THAT(world.heartbeats(), ElementsAre(1));
}

/// What came is the log from its start, each position first seen right after the one before it.
void expect_no_gap(const World& world, std::int64_t last) {
    std::int64_t seen = 0;
    for (const auto position : world.positions()) {
        ASSERT_LE(position, seen + 1);
        seen = std::max(seen, position);
    }
    ASSERT_EQ(seen, last);
}

TEST(RelayTrouble, LeavesNoGapWhereverItStrikes) {
    constexpr int kCalls = 60;
    for (std::size_t partly = 0; partly < 3; ++partly) {
        for (int bad = 0; bad < kCalls; ++bad) {
            SCOPED_TRACE(::testing::Message() << "call " << bad << " fails, of a publish " << partly
                                              << " messages get through");
            World world;
            world.partly = partly;
            for (int i = 0; i < 9; ++i)
                world.append(i % 2 == 0 ? "a" : "b", 2);
            int call = 0;
            world.on_call = [&](std::string_view) -> std::optional<ports::Error> {
                return call++ == bad ? std::optional(retryable()) : std::nullopt;
            };
            Rig rig(world, 5);
            for (int i = 0; i < 30; ++i) {
                rig.time += rig.options.save_interval;
                rig.step();
                if (world.saved() > 0) {
                    ASSERT_THAT(world.positions(), ::testing::Contains(world.saved()));
                }
            }
            expect_no_gap(world, 18);
        }
    }
}

TEST(RelayTrouble, LeavesNoGapAmongTwoThatFailAndDie) {
    const std::uint64_t seed = std::random_device{}();
    std::cout << "seed " << seed << '\n';
    std::mt19937_64 random(seed);
    const auto one_in = [&random](std::uint64_t n) { return random() % n == 0; };
    bool calm = false;
    World world;
    world.on_call = [&](std::string_view) -> std::optional<ports::Error> {
        if (calm || !one_in(7)) return std::nullopt;
        world.partly = random() % 4;
        return retryable();
    };
    Rig first(world, 5);
    Rig second(world, 5);
    std::int64_t last = 0;
    for (int i = 0; i < 3'000; ++i) {
        Rig& rig = one_in(2) ? first : second;
        rig.time += std::chrono::milliseconds(random() % 300);
        rig.step();
        if (one_in(20)) rig.remake();
        if (one_in(2)) {
            const auto count = static_cast<std::int64_t>(random() % 5);
            world.append(one_in(2) ? "a" : "b", static_cast<std::size_t>(count));
            last += count;
        }
    }
    calm = true;
    for (int i = 0; i < 5'000; ++i) {
        first.step();
        second.step();
    }
    expect_no_gap(world, last);
    EXPECT_EQ(world.heartbeats().back(), last) << "seed " << seed;
}

}  // namespace
}  // namespace stockroom::relay
