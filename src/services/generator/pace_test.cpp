#include "pace.hpp"

#include <gtest/gtest.h>

namespace stockroom::generator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Pace::Time kStart{std::chrono::hours(100)};

int count_due(Pace& pace, Pace::Time now) {
    int count = 0;
    for (; pace.is_due(now); pace.take())
        ++count;
    return count;
}

TEST(Pace, IsDueAtTheStartAndThenEverySoOften) {
    Pace pace(seconds(2));
    pace.start(kStart);
    EXPECT_EQ(count_due(pace, kStart), 1);
    EXPECT_EQ(count_due(pace, kStart + milliseconds(1'999)), 0);
    EXPECT_EQ(count_due(pace, kStart + seconds(2)), 1);
    EXPECT_EQ(pace.next(), kStart + seconds(4));
}

TEST(Pace, MakesUpForASecondAndLeavesOutTheRest) {
    Pace pace(milliseconds(1));
    pace.start(kStart);
    EXPECT_EQ(pace.skip(kStart + milliseconds(900)), 0);
    EXPECT_EQ(count_due(pace, kStart + milliseconds(900)), 901);
    const auto late = kStart + seconds(11);
    EXPECT_EQ(pace.skip(late), 11'000 - 1'000 - 901);
    EXPECT_EQ(count_due(pace, late), 1'001);
    EXPECT_EQ(pace.skip(late), 0);
}

TEST(Pace, OfASlowOneTheLastIsStillMade) {
    Pace pace(seconds(5));
    pace.start(kStart);
    const auto late = kStart + seconds(23);
    EXPECT_EQ(pace.skip(late), 4);
    EXPECT_EQ(count_due(pace, late), 1);
    EXPECT_EQ(pace.next(), kStart + seconds(25));
}

TEST(Rate, IsOfTheLastTenWholeSeconds) {
    Rate rate;
    EXPECT_EQ(rate.text(kStart), "0.0");
    for (int second = 0; second < 30; ++second)
        for (int i = 0; i < 1'000; ++i)
            rate.add(kStart + seconds(second) + milliseconds(i));
    EXPECT_EQ(rate.text(kStart + seconds(30)), "1000.0");
    EXPECT_EQ(rate.text(kStart + seconds(35)), "500.0");
    EXPECT_EQ(rate.text(kStart + seconds(40)), "0.0");
    rate.add(kStart + seconds(40));
    EXPECT_EQ(rate.text(kStart + seconds(40)), "0.0");
    EXPECT_EQ(rate.text(kStart + seconds(41)), "0.1");
    EXPECT_EQ(rate.text(kStart + seconds(400)), "0.0");
}

}  // namespace
}  // namespace stockroom::generator
