#include "refusals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/rig.hpp"

namespace stockroom::relay {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using testing::fail_calls;
using ::testing::HasSubstr;
using testing::Rig;
using testing::World;

constexpr Refusals::Limits kLimits{.patience = 10s, .memory = 600s};
constexpr base::Deadline kStart{10h};

TEST(Refusals, CountAfterATimeInVain) {
    Refusals refusals(kLimits);
    EXPECT_TRUE(refusals.counts(false, kStart));
    EXPECT_FALSE(refusals.counts(true, kStart + 1s));
    EXPECT_FALSE(refusals.counts(true, kStart + 10s));
    EXPECT_TRUE(refusals.counts(true, kStart + 11s));
    EXPECT_TRUE(refusals.counts(true, kStart + 12s)) << "and from then on at once";
    EXPECT_TRUE(refusals.counts(false, kStart + 13s));
    EXPECT_TRUE(refusals.counts(true, kStart + 14s)) << "also when some are taken between";
}

TEST(Refusals, AreWaitedForNoLongerInAllWhenTheyComeAndGo) {
    Refusals refusals(kLimits);
    auto now = kStart;
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(refusals.counts(true, now)) << i;
        now += 1s;
        EXPECT_TRUE(refusals.counts(false, now));
        now += 20s;
    }
    EXPECT_TRUE(refusals.counts(true, now));
}

TEST(Refusals, AreNewsAgainAfterALongTimeAndAfterAFailure) {
    Refusals refusals(kLimits);
    EXPECT_FALSE(refusals.counts(true, kStart));
    EXPECT_TRUE(refusals.counts(true, kStart + 10s));
    EXPECT_TRUE(refusals.counts(true, kStart + 609s));
    EXPECT_FALSE(refusals.counts(true, kStart + 1'209s));
    EXPECT_TRUE(refusals.counts(true, kStart + 1'219s));
    refusals.forget();
    EXPECT_FALSE(refusals.counts(true, kStart + 1'220s));
}

TEST(SurePosition, FollowsWhatEveryQueueHasTaken) {
    SurePosition sure(5s);
    sure.begin_at(7);
    EXPECT_EQ(sure.get(), 7);
    sure.published(9, false, kStart);
    EXPECT_EQ(sure.get(), 9);
}

TEST(SurePosition, PassesARefusalOnceTheBusHasTakenSomethingMuchLater) {
    SurePosition sure(5s);
    sure.begin_at(7);
    sure.published(9, true, kStart);
    sure.published(20, false, kStart + 4s);
    EXPECT_EQ(sure.get(), 7);
    sure.published(30, true, kStart + 5s);
    EXPECT_EQ(sure.get(), 9);
    sure.published(40, false, kStart + 9s);
    EXPECT_EQ(sure.get(), 9);
    sure.published(41, false, kStart + 10s);
    EXPECT_EQ(sure.get(), 41);
    sure.published(50, false, kStart + 11s);
    EXPECT_EQ(sure.get(), 50);
}

TEST(SurePosition, FollowsWhileEachIsRefused) {
    SurePosition sure(5s);
    sure.begin_at(0);
    for (int second = 0; second <= 60; ++second)
        sure.published(second, true, kStart + std::chrono::seconds(second));
    EXPECT_GE(sure.get(), 50);
    EXPECT_LE(sure.get(), 55);
}

TEST(RelayRefusals, ArePublishedAgainForAWhileAndThenCount) {
    World world;
    world.refused_type = "b";
    world.append("a", 2);
    world.append("b", 3);
    Rig rig(world, 100);
    rig.step(3);
    EXPECT_THAT(rig.relay->trouble(), HasSubstr("does not take events"));
    EXPECT_EQ(rig.metric("stockroom_relay_lag_positions"), "5");
    EXPECT_EQ(rig.metric("stockroom_relay_refused_events_total"), "0");

    rig.time += rig.options.refusals_patience;
    rig.step();
    EXPECT_EQ(rig.relay->trouble(), "");
    EXPECT_EQ(rig.metric("stockroom_relay_lag_positions"), "0");
    EXPECT_EQ(rig.metric("stockroom_relay_refused_events_total"), "3");
    EXPECT_THAT(world.heartbeats(), Contains(5));
    const auto count = world.positions().size();
    world.append("b");
    rig.step();
    EXPECT_EQ(world.positions().size(), count + 1) << "from then on each comes once";
    EXPECT_EQ(rig.metric("stockroom_relay_refused_events_total"), "4");
}

TEST(RelayRefusals, LeaveNothingOutForWhoWasOnlyInTroubleForAMoment) {
    World world;
    world.refused_type = "b";
    world.append("b", 3);
    Rig rig(world, 100);
    rig.step(2);
    world.refused_type.clear();
    rig.step();
    EXPECT_EQ(world.positions(), (std::vector<std::int64_t>{1, 2, 3, 1, 2, 3}));
    EXPECT_EQ(rig.metric("stockroom_relay_refused_events_total"), "0");
    EXPECT_EQ(rig.relay->trouble(), "");
}

/// One that has published events 1 to 4, of which a queue has refused 3 and 4, the last.
struct Refused : World {
    Refused() {
        refused_type = "b";
        append("a", 2);
        rig.step(2);
        append("b", 2);
        rig.step();
        rig.time += rig.options.refusals_patience;
        rig.step();
    }
    Rig rig{*this, 100};
};

TEST(RelayRefusals, AreNotSavedAsPublishedBeforeOthersHaveThem) {
    Refused world;
    world.rig.time += world.rig.options.save_interval;
    world.rig.step();
    EXPECT_EQ(world.saved(), 2);
    world.rig.time += world.rig.options.settling;
    world.rig.step();  // a heartbeat is taken
    world.rig.time += world.rig.options.save_interval;
    world.rig.step();
    EXPECT_EQ(world.saved(), 4);
}

TEST(RelayRefusals, ArePublishedAgainWhenTheBusFailsSoonAfter) {
    Refused world;
    const auto count = world.positions().size();
    bool fails = true;
    fail_calls(world, "publish", fails);
    world.rig.time += world.rig.options.heartbeat_interval;
    world.rig.step();
    fails = false;
    world.append("a");
    world.rig.step();
    auto again = world.positions();
    again.erase(again.begin(), again.begin() + static_cast<std::ptrdiff_t>(count));
    EXPECT_EQ(again, (std::vector<std::int64_t>{3, 4, 5}));
}

}  // namespace
}  // namespace stockroom::relay
