#include "signs.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace stockroom::health {
namespace {

using domain::PartState;
using ports::Published;

constexpr Pinged kTaken{.published = Published::durable};
constexpr Pinged kNotTaken{};
constexpr Pinged kNotSent{.was_sent = false};

TEST(BrokerSigns, ItIsNeverDownWhileItTakesMessages) {
    EXPECT_EQ(judge_broker({.pinged = kTaken}).state, PartState::up);
    for (const auto published : {Published::durable, Published::queue_full}) {
        const Pinged taken{.published = published};
        const auto by_link = judge_broker({.pinged = taken, .link_trouble = "cut off"});
        EXPECT_EQ(by_link.state, PartState::degraded);
        EXPECT_EQ(by_link.cause, "cut off");
        const auto by_report =
            judge_broker({.pinged = taken, .link_trouble = "cut off", .report_trouble = "401"});
        EXPECT_EQ(by_report.state, PartState::degraded);
        EXPECT_EQ(by_report.cause, "401");
    }
}

TEST(BrokerSigns, ItIsDownWhenItTakesNoneUnlessItSaysWhy) {
    for (const Pinged& pinged :
         {kNotTaken, kNotSent, Pinged{.published = Published::unavailable}}) {
        EXPECT_EQ(judge_broker({.pinged = pinged}).state, PartState::down);
        EXPECT_EQ(judge_broker({.pinged = pinged, .link_trouble = "refused"}).cause, "refused");
        EXPECT_EQ(judge_broker({.pinged = pinged, .report_trouble = "no answer"}).state,
                  PartState::down);
        const auto alarm = judge_broker(
            {.pinged = pinged, .report_trouble = "too little memory", .has_report = true});
        EXPECT_EQ(alarm.state, PartState::degraded);
        EXPECT_EQ(alarm.cause, "too little memory");
    }
}

TEST(QueueSigns, SayWhyAPingWasNotAnswered) {
    const QueueFigures idle{.consumers = 1, .ready = 3};
    const QueueFigures left{.consumers = 0, .ready = 3};
    const Pinged late{.published = Published::durable, .late = std::chrono::microseconds(1)};
    struct Row {
        const char* what;
        QueueSigns signs;
        PartState state;
    };
    const Row rows[] = {
        {"nobody answers", {.pinged = kTaken, .figures = idle}, PartState::down},
        {"nobody answers, and there are no figures", {.pinged = kTaken}, PartState::down},
        {"nobody consumes", {.pinged = kTaken, .figures = left}, PartState::down},
        {"nobody consumes what was busy just now",
         {.pinged = kTaken, .is_worked_off = true, .figures = left},
         PartState::down},
        {"busy", {.pinged = kTaken, .is_worked_off = true, .figures = idle}, PartState::degraded},
        {"slow", {.pinged = late, .figures = idle}, PartState::degraded},
        {"store", {.pinged = kTaken, .is_store_up = false, .figures = idle}, PartState::degraded},
        {"full", {.pinged = {.published = Published::queue_full}}, PartState::degraded},
        {"refused", {.pinged = {.published = Published::unavailable}}, PartState::unknown},
        {"not taken", {.pinged = kNotTaken, .figures = idle}, PartState::unknown},
        {"not confirmed yet in memory",
         {.pinged = kNotTaken, .has_broker = false, .figures = idle},
         PartState::down},
        // What was not sent says nothing; five before it that nobody answers do.
        {"not sent", {.pinged = kNotSent, .figures = idle}, PartState::down},
        {"not sent, to a broker in doubt",
         {.pinged = kNotSent, .is_broker_up = false},
         PartState::unknown},
        {"not sent, to a broker in doubt that tells",
         {.pinged = kNotSent, .is_broker_up = false, .figures = left},
         PartState::down},
    };
    for (const Row& row : rows)
        EXPECT_EQ(judge_queue(row.signs).state, row.state) << row.what;
}

TEST(QueueSigns, FiguresAloneSayWhetherSomebodyConsumesIt) {
    EXPECT_EQ(judge_figures({}).state, PartState::unknown);
    EXPECT_EQ(judge_figures(QueueFigures{.consumers = 1, .ready = 9}).state, PartState::up);
    EXPECT_EQ(judge_figures(QueueFigures{}).state, PartState::degraded);
    const auto down = judge_figures(QueueFigures{.ready = 9});
    EXPECT_EQ(down.state, PartState::down);
    EXPECT_EQ(down.cause, "nobody consumes it; 9 messages wait in it");
}

TEST(QueueSigns, WorkIsWhatIsMoreThanPings) {
    struct Row {
        const char* what;
        QueueFigures before;
        QueueFigures now;
        bool shows;
    };
    const Row rows[] = {
        {"nothing moved", {.ready = 900}, {.ready = 900}, false},
        {"it only grew", {.ready = 900}, {.ready = 950}, false},
        {"pings", {.ready = 2, .acked = 5}, {.ready = 0, .acked = 9}, false},
        {"acks", {.ready = 900, .acked = 5}, {.ready = 950, .acked = 9}, true},
        {"acks of all there was", {.ready = 30, .acked = 5}, {.acked = 90}, true},
        {"less is left", {.ready = 900, .unacked = 9}, {.ready = 899, .unacked = 9}, true},
        {"taken, and not done", {.ready = 900}, {.ready = 891, .unacked = 9}, false},
        {"counted anew", {.ready = 900, .acked = 500}, {.ready = 900, .acked = 1}, false},
    };
    for (const Row& row : rows)
        EXPECT_EQ(shows_work(row.before, row.now), row.shows) << row.what;
}

}  // namespace
}  // namespace stockroom::health
