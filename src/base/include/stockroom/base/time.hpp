#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stockroom::base {

/// A point in time, UTC, in microseconds since 1970. What rows and messages carry.
class Time {
  public:
    constexpr Time() = default;
    [[nodiscard]] static constexpr Time from_microseconds(std::int64_t microseconds) {
        return Time(microseconds);
    }
    /// The system's clock. Never called by a rule: time is an input there.
    [[nodiscard]] static Time now();

    /// Reads RFC 3339: "2026-11-21T10:00:00Z", with 0 to 9 decimals and any offset, years 0001 to
    /// 9999. Digits past the microsecond are dropped. Empty for anything else.
    [[nodiscard]] static std::optional<Time> parse(std::string_view text);

    /// "2026-11-21T10:00:00.000000Z": always six decimals, so that text sorts as time does.
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] constexpr std::int64_t microseconds() const { return microseconds_; }
    [[nodiscard]] constexpr Time plus(std::chrono::microseconds span) const {
        return Time(microseconds_ + span.count());
    }

    friend constexpr auto operator<=>(Time, Time) = default;

  private:
    explicit constexpr Time(std::int64_t microseconds) : microseconds_(microseconds) {}

    std::int64_t microseconds_ = 0;
};

/// When an operation must be given up. Every operation that can wait takes one.
using Deadline = std::chrono::steady_clock::time_point;

[[nodiscard]] inline Deadline in(std::chrono::nanoseconds span) {
    return std::chrono::steady_clock::now() + span;
}

}  // namespace stockroom::base
