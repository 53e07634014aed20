#include "board.hpp"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "stockroom/contract/json.hpp"

namespace stockroom::health {
namespace {

using contract::JsonValue;
using domain::PartChange;
using domain::PartKind;
using domain::PartState;

class BoardTest : public testing::Test {
  protected:
    BoardTest() {
        board_.add("orders", PartKind::service);
        board_.add("stockroom.orders", PartKind::queue);
    }

    bool note(const std::string& name, const Finding& finding) {
        now_ = now_.plus(std::chrono::seconds(1));
        return board_.note(name, finding, now_);
    }
    void note_three(const std::string& name, const Finding& finding) {
        for (int i = 0; i < 3; ++i)
            (void)note(name, finding);
    }
    JsonValue part(std::size_t index) {
        const auto json = contract::read_json(board_.to_json(now_));
        return json->find("parts")->as<JsonValue::Array>()->at(index);
    }
    static std::string text(const JsonValue& object, std::string_view name) {
        const auto* member = object.find(name);
        return member == nullptr ? "" : *member->as<std::string>();
    }
    std::string state() {
        const auto json = contract::read_json(board_.to_json(now_));
        return text(*json, "state");
    }

    const Finding gone_{PartState::down, "Connection refused"};
    telemetry::Metrics metrics_;
    std::vector<PartChange> changes_;
    Board board_{metrics_, [this](PartChange change) { changes_.push_back(std::move(change)); }};
    base::Time now_;
};

TEST_F(BoardTest, KnowsNothingAtFirst) {
    EXPECT_EQ(state(), "unknown");
    EXPECT_EQ(text(part(0), "name"), "orders");
    EXPECT_EQ(text(part(0), "state"), "unknown");
    EXPECT_EQ(part(0).find("checked_at"), nullptr);
}

TEST_F(BoardTest, TellsOfAnIncidentFromItsFirstFailureToItsEnd) {
    EXPECT_FALSE(note("orders", {}));
    (void)note("stockroom.orders", {});
    EXPECT_EQ(state(), "up");
    EXPECT_TRUE(note("orders", gone_));
    const auto started = now_;
    (void)note("orders", gone_);
    EXPECT_EQ(changes_.size(), 2U) << "nothing is decided yet";
    (void)note("orders", gone_);
    ASSERT_EQ(changes_.size(), 3U);
    const PartChange down = changes_.back();
    EXPECT_EQ(down.state, PartState::down);
    EXPECT_EQ(down.at, now_);
    ASSERT_TRUE(down.incident);
    EXPECT_EQ(down.incident->started_at, started);
    EXPECT_EQ(down.incident->reported_at, now_);
    EXPECT_EQ(down.incident->cause, "Connection refused");
    EXPECT_EQ(state(), "down");
    EXPECT_EQ(text(part(0), "cause"), "Connection refused");

    (void)note("orders", {});
    const auto ended = now_;
    (void)note("orders", {});
    (void)note("orders", {});
    ASSERT_EQ(changes_.size(), 4U);
    EXPECT_EQ(changes_.back().state, PartState::up);
    EXPECT_EQ(changes_.back().incident->id, down.incident->id);
    EXPECT_EQ(changes_.back().incident->ended_at, ended);
    EXPECT_EQ(part(0).find("cause"), nullptr);
    EXPECT_EQ(state(), "up");
}

TEST_F(BoardTest, AnIncidentGoesOnWhileThePartGetsWorseOrIsNotKnown) {
    (void)note("orders", {});
    note_three("orders", {PartState::degraded, "store: away"});
    const auto first = changes_.back().incident->id;
    EXPECT_EQ(changes_.back().incident->state, PartState::degraded);
    note_three("orders", gone_);
    EXPECT_EQ(changes_.back().incident->id, first);
    EXPECT_EQ(changes_.back().incident->state, PartState::down);
    note_three("orders", {PartState::unknown, "nobody can ask"});
    EXPECT_EQ(changes_.back().state, PartState::unknown);
    EXPECT_EQ(changes_.back().incident->id, first);
    note_three("orders", {});
    EXPECT_EQ(changes_.back().incident->id, first);
    EXPECT_TRUE(changes_.back().incident->ended_at);
}

TEST_F(BoardTest, IsSurelyUpUntilTheFirstFailure) {
    EXPECT_FALSE(board_.is_surely_up("orders")) << "it was not asked yet";
    (void)note("orders", {});
    EXPECT_TRUE(board_.is_surely_up("orders"));
    (void)note("orders", gone_);
    EXPECT_FALSE(board_.is_surely_up("orders"));
    EXPECT_TRUE(board_.is_surely_up("nobody watches it"));
}

TEST_F(BoardTest, ThatAPartCannotBeAskedIsNoIncident) {
    (void)note("stockroom.orders", {});
    note_three("stockroom.orders", {PartState::unknown, "the broker is away"});
    EXPECT_EQ(changes_.back().state, PartState::unknown);
    EXPECT_FALSE(changes_.back().incident);
}

TEST_F(BoardTest, ShowsWhatIsKnownOfAQueue) {
    board_.show_figures(
        "stockroom.orders",
        QueueFigures{
            .consumers = 2, .ready = 3, .unacked = 4, .in_per_minute = 5, .out_per_minute = 6},
        {});
    board_.show_round_trip("stockroom.orders", std::chrono::microseconds(1840));
    board_.show_figures("some.other", QueueFigures{}, {});
    const auto queue = part(1);
    EXPECT_EQ(queue.find("round_trip_us")->as<JsonValue::Number>()->text, "1840");
    EXPECT_EQ(queue.find("queue")->find("ready")->as<JsonValue::Number>()->text, "3");
    ASSERT_TRUE(board_.figures("stockroom.orders"));
    EXPECT_EQ(board_.figures("stockroom.orders")->consumers, 2);
    EXPECT_FALSE(board_.figures("orders"));
    EXPECT_FALSE(board_.figures("some.other"));
}

TEST_F(BoardTest, RemembersWhenAQueueWasWorkedOff) {
    const auto at = [](int second) { return base::Deadline(std::chrono::seconds(second)); };
    const std::string queue = "stockroom.orders";
    board_.show_figures(queue, QueueFigures{.ready = 900}, at(10));
    EXPECT_FALSE(board_.was_worked_off(queue, at(0))) << "there is nothing to compare it with";
    board_.show_figures(queue, QueueFigures{.ready = 400}, at(15));
    board_.show_figures(queue, QueueFigures{.ready = 400}, at(16));
    EXPECT_TRUE(board_.was_worked_off(queue, at(15)));
    EXPECT_FALSE(board_.was_worked_off(queue, at(16)));
    EXPECT_FALSE(board_.was_worked_off("some.other", at(0)));
}

TEST_F(BoardTest, WhatIsNoTextIsNotPassedOn) {
    (void)note("orders", {});
    note_three("orders", {PartState::down, "\xff\xfe"});
    EXPECT_EQ(changes_.back().cause, "in trouble");
    note_three("orders", {});
    note_three("orders", {PartState::down, std::string("a\0b", 3)});
    EXPECT_EQ(changes_.back().cause, "a b");
    note_three("orders", {});
    note_three("orders", {PartState::down, std::string(5'000, 'x')});
    EXPECT_EQ(changes_.back().cause.size(), 1'000U);
}

TEST_F(BoardTest, ItsMetricsSayInWhichStateAPartIs) {
    (void)note("orders", {});
    note_three("orders", gone_);
    const std::string text = metrics_.to_text();
    const auto sample = [](std::string_view state, int value) {
        return "stockroom_health_part_state{kind=\"service\",part=\"orders\",state=\"" +
               std::string(state) + "\"} " + std::to_string(value) + "\n";
    };
    EXPECT_TRUE(text.contains(sample("down", 1))) << text;
    EXPECT_TRUE(text.contains(sample("up", 0))) << text;
}

}  // namespace
}  // namespace stockroom::health
