#include "heartbeat_times.hpp"

#include <gtest/gtest.h>

namespace stockroom::gateway {
namespace {

using namespace std::chrono_literals;

/// A sender whose clock shows `clock` when ours shows `now`.
struct Sender {
    void wait(std::chrono::microseconds time) {
        now += time;
        clock = clock.plus(time);
    }
    /// How long what was sent at some time has been under way, as it seems.
    std::chrono::microseconds way_of(base::Time said) {
        return std::chrono::duration_cast<std::chrono::microseconds>(now - times.sent(said, now));
    }
    void beat(int times_in_a_row) {
        for (int i = 0; i < times_in_a_row; ++i, wait(1s))
            static_cast<void>(way_of(clock));
    }

    HeartbeatTimes times;
    HeartbeatTimes::Time now{1'000s};
    base::Time clock = base::Time::from_microseconds(1'700'000'000'000'000);
};

TEST(HeartbeatTimes, TellWhatWasLateWhateverTheClocksShow) {
    for (const auto ahead : {-3'600s, 0s, 3'600s}) {
        Sender sender;
        sender.clock = sender.clock.plus(ahead);
        EXPECT_EQ(sender.way_of(sender.clock), 0s) << "the first is taken as it comes";
        sender.wait(1s);
        const auto said = sender.clock;
        sender.wait(1'500ms);
        EXPECT_EQ(sender.way_of(said), 1'500ms);
        EXPECT_EQ(sender.way_of(sender.clock), 0s);
    }
}

TEST(HeartbeatTimes, ManyThatComeLateTogetherAreAllLate) {
    Sender sender;
    sender.beat(100);
    const auto said = sender.clock;
    sender.wait(30s);
    for (auto late = 30s; late > 2s; --late)
        EXPECT_EQ(sender.way_of(said.plus(30s - late)), late);
}

TEST(HeartbeatTimes, AQuickerWayTellsOfTheSlowerOnesBefore) {
    Sender sender;
    EXPECT_EQ(sender.way_of(sender.clock.plus(-300ms)), 0s);
    sender.wait(1s);
    EXPECT_EQ(sender.way_of(sender.clock), 0s);
    sender.wait(1s);
    EXPECT_EQ(sender.way_of(sender.clock.plus(-300ms)), 300ms);
}

TEST(HeartbeatTimes, AClockThatWasSetIsFollowed) {
    Sender sender;
    sender.beat(100);
    sender.clock = sender.clock.plus(1h);
    EXPECT_EQ(sender.way_of(sender.clock), 0s) << "forward: at once";
    sender.clock = sender.clock.plus(-2h);
    EXPECT_EQ(sender.way_of(sender.clock), 2h) << "back: once the time before is forgotten";
    sender.beat(25);
    EXPECT_EQ(sender.way_of(sender.clock), 0s);
}

}  // namespace
}  // namespace stockroom::gateway
