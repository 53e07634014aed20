#include "news.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace stockroom::health {
namespace {

using domain::Incident;
using domain::PartChange;
using domain::PartState;

base::Time at(int second) {
    return base::Time().plus(std::chrono::seconds(second));
}

base::Uuid id(std::uint8_t number) {
    base::Uuid::Bytes bytes{};
    bytes[15] = number;
    return base::Uuid(bytes);
}

/// From `begun` on; over when it is up.
PartChange change(PartState state, int second, std::uint8_t incident = 0, int begun = 0) {
    PartChange made;
    made.part = "orders";
    made.state = state;
    made.at = at(second);
    if (incident == 0) return made;
    made.incident = Incident{.id = id(incident),
                             .part = "orders",
                             .kind = domain::PartKind::service,
                             .state = PartState::down,
                             .cause = "gone",
                             .started_at = at(begun),
                             .reported_at = at(second),
                             .ended_at = std::nullopt};
    if (state == PartState::up) made.incident->ended_at = at(second);
    return made;
}

class TakeNews : public testing::Test {
  protected:
    std::optional<PartChange> take(PartChange made) { return take_news(stored_, std::move(made)); }

    std::map<std::string, PartChange> stored_;
};

TEST_F(TakeNews, APartThatNothingIsKnownOfIsUp) {
    EXPECT_FALSE(take(change(PartState::up, 1)));
    EXPECT_TRUE(stored_.empty());
}

TEST_F(TakeNews, VersionsGrowAndTheIncidentEnds) {
    const auto down = take(change(PartState::down, 7, 1, 5));
    ASSERT_TRUE(down);
    EXPECT_EQ(down->version, 1);
    EXPECT_EQ(down->was, PartState::up);
    EXPECT_EQ(down->incident->id, id(1));
    const auto up = take(change(PartState::up, 20, 1, 5));
    ASSERT_TRUE(up);
    EXPECT_EQ(up->version, 2);
    EXPECT_EQ(up->was, PartState::down);
    EXPECT_EQ(up->incident->ended_at, at(20));
    EXPECT_FALSE(stored_.at("orders").incident) << "it is over";
    const auto again = take(change(PartState::degraded, 30, 2, 28));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->version, 3);
    EXPECT_EQ(again->incident->id, id(2));
}

TEST_F(TakeNews, WhatAnotherHasWrittenIsNotWrittenAgain) {
    ASSERT_TRUE(take(change(PartState::down, 7, 1, 5)));
    EXPECT_FALSE(take(change(PartState::down, 8, 2, 6))) << "another has seen it a little later";
    const auto up = take(change(PartState::up, 20, 2, 6));
    ASSERT_TRUE(up);
    EXPECT_EQ(up->incident->id, id(1)) << "the incident goes on under its first id";
    EXPECT_EQ(up->incident->started_at, at(5));
    EXPECT_EQ(up->incident->ended_at, at(20));
}

TEST_F(TakeNews, AClockThatStepsBackLosesNothing) {
    ASSERT_TRUE(take(change(PartState::down, 70, 1, 65)));
    const auto up = take(change(PartState::up, 20, 1, 65));
    ASSERT_TRUE(up);
    EXPECT_EQ(up->at, at(70).plus(std::chrono::microseconds(1)));
    EXPECT_EQ(up->incident->ended_at, at(65)) << "not before it began";
    const auto down = take(change(PartState::down, 21, 2, 18));
    ASSERT_TRUE(down);
    EXPECT_EQ(down->at, at(70).plus(std::chrono::microseconds(2)));
    EXPECT_EQ(down->incident->id, id(2));
}

TEST_F(TakeNews, WhoStartsAnewEndsTheIncidentOfWhoWasBefore) {
    ASSERT_TRUE(take(change(PartState::down, 7, 1, 5)));
    const auto up = take(change(PartState::up, 60));
    ASSERT_TRUE(up);
    EXPECT_EQ(up->incident->id, id(1));
    EXPECT_EQ(up->incident->ended_at, at(60));
}

TEST_F(TakeNews, AnIncidentGetsWorseAndDoesNotEndWhenNobodyKnows) {
    auto slow = change(PartState::degraded, 7, 1, 5);
    slow.incident->state = PartState::degraded;
    ASSERT_TRUE(take(slow));
    const auto down = take(change(PartState::down, 9, 1, 5));
    ASSERT_TRUE(down);
    EXPECT_EQ(down->incident->state, PartState::down);
    const auto unknown = take(change(PartState::unknown, 12, 1, 5));
    ASSERT_TRUE(unknown);
    EXPECT_EQ(unknown->incident->state, PartState::down);
    EXPECT_FALSE(unknown->incident->ended_at);
    EXPECT_TRUE(stored_.at("orders").incident);
}

}  // namespace
}  // namespace stockroom::health
