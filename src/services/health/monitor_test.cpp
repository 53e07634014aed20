#include "monitor.hpp"

#include <algorithm>
#include <chrono>

#include <gtest/gtest.h>

namespace stockroom::health {
namespace {

using domain::PartState;
using std::chrono::milliseconds;

/// A part that is asked in a time of the test's own, as the monitor does.
class AskedPart {
  public:
    /// `answer_time`: how long whoever asks waits then; at most the patience.
    void ask(const Finding& finding, milliseconds answer_time) {
        const auto asked = next_;
        const auto answered = asked + answer_time;
        (void)judge_.note(finding, base::Time());
        next_ = std::max(answered, next_ask(options_, asked, judge_.is_in_doubt()));
        answered_ = answered;
    }

    /// How long after `at` it is told as `state`, if all that is asked from then on shows it.
    milliseconds time_until(PartState state, base::Deadline at, milliseconds answer_time) {
        while (judge_.state() != state) {
            const bool shows = next_ >= at;
            const PartState now = shows ? state : judge_.state();
            ask({now, now == PartState::up ? "" : "gone"},
                now == PartState::down ? answer_time : milliseconds(0));
        }
        return std::chrono::duration_cast<milliseconds>(answered_ - at);
    }
    [[nodiscard]] base::Deadline next() const { return next_; }
    [[nodiscard]] const Options& options() const { return options_; }

  private:
    const Options options_;
    Judge judge_;
    base::Deadline next_;
    base::Deadline answered_;
};

TEST(Monitor, ByItsSettingsAPartIsToldDownAndUpWithinTenSeconds) {
    constexpr milliseconds kPromised{10'000};
    const Options options;
    for (const auto answer_time : {milliseconds(0), options.patience}) {
        milliseconds longest{0};
        for (milliseconds phase{0}; phase <= 2 * options.interval; phase += milliseconds(50)) {
            AskedPart part;
            part.ask({}, milliseconds(0));
            const auto down = part.time_until(PartState::down, base::Deadline(phase), answer_time);
            const auto healed = part.next() + phase % options.doubt_interval;
            const auto up = part.time_until(PartState::up, healed, answer_time);
            longest = std::max({longest, down, up});
            EXPECT_LT(down, kPromised) << phase << " after it was asked";
            EXPECT_LT(up, kPromised) << phase << " after it was asked";
        }
        EXPECT_LE(longest,
                  options.interval +
                      (Judge::kDecisive - 1) * std::max(options.doubt_interval, answer_time) +
                      answer_time);
        EXPECT_GE(longest, options.interval) << "it is asked no more often than that";
    }
}

}  // namespace
}  // namespace stockroom::health
