#include "stockroom/base/time.hpp"

#include <cstddef>

#include <fmt/format.h>

namespace stockroom::base {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

constexpr Time kFirst = Time::from_microseconds(-62'135'596'800'000'000);  // 0001-01-01T00:00:00Z
constexpr Time kLast = Time::from_microseconds(253'402'300'799'999'999);  // 9999-12-31T23:59:59.9…Z

/// Takes characters from the front of a text; once anything is missing, it stays failed.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    int number(std::size_t digits) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i)
            value = value * 10 + digit();
        return value;
    }
    bool accept(std::string_view choices) {
        if (text_.empty() || choices.find(text_.front()) == std::string_view::npos) return false;
        text_.remove_prefix(1);
        return true;
    }
    void expect(std::string_view choices) { failed_ = !accept(choices) || failed_; }
    [[nodiscard]] bool at_digit() const {
        return !text_.empty() && text_.front() >= '0' && text_.front() <= '9';
    }
    [[nodiscard]] bool done() const { return !failed_ && text_.empty(); }

  private:
    int digit() {
        if (!at_digit()) {
            failed_ = true;
            return 0;
        }
        const int value = text_.front() - '0';
        text_.remove_prefix(1);
        return value;
    }

    std::string_view text_;
    bool failed_ = false;
};

}  // namespace

Time Time::now() {
    return Time(std::chrono::duration_cast<std::chrono::microseconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count());
}

std::optional<Time> Time::parse(std::string_view text) {
    Scanner scan(text);
    const int year = scan.number(4);
    scan.expect("-");
    const int month = scan.number(2);
    scan.expect("-");
    const int day = scan.number(2);
    scan.expect("Tt");
    const int hour = scan.number(2);
    scan.expect(":");
    const int minute = scan.number(2);
    scan.expect(":");
    const int second = scan.number(2);

    std::int64_t fraction = 0;
    if (scan.accept(".")) {
        int decimals = 0;
        for (; scan.at_digit() && decimals < 9; ++decimals) {
            const int digit = scan.number(1);
            if (decimals < 6) fraction = fraction * 10 + digit;
        }
        if (decimals == 0) return std::nullopt;
        for (; decimals < 6; ++decimals)
            fraction *= 10;
    }

    std::int64_t offset_minutes = 0;
    if (!scan.accept("Zz")) {
        const bool west = scan.accept("-");
        if (!west) scan.expect("+");
        const int hours = scan.number(2);
        scan.expect(":");
        const int minutes = scan.number(2);
        if (hours > 23 || minutes > 59) return std::nullopt;
        offset_minutes = hours * std::int64_t{60} + minutes;
        if (west) offset_minutes = -offset_minutes;
    }
    if (!scan.done()) return std::nullopt;

    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    // RFC 3339 allows second 60; a leap second is taken as the next second.
    if (year == 0 || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;

    const std::int64_t seconds = sys_days{date}.time_since_epoch() / std::chrono::seconds{1} +
                                 ((hour * std::int64_t{60} + minute - offset_minutes) * 60) +
                                 second;
    const Time time(seconds * kMicrosecondsPerSecond + fraction);
    // An offset, or a leap second, may lead out of the years that can be printed.
    if (time < kFirst || time > kLast) return std::nullopt;
    return time;
}

std::string Time::to_string() const {
    const auto since_epoch = std::chrono::microseconds{microseconds_};
    const auto day = std::chrono::floor<days>(since_epoch);
    const std::chrono::year_month_day date{sys_days{day}};
    const std::int64_t in_day = (since_epoch - day).count();
    const std::int64_t seconds = in_day / kMicrosecondsPerSecond;
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       seconds / 3600, seconds / 60 % 60, seconds % 60,
                       in_day % kMicrosecondsPerSecond);
}

}  // namespace stockroom::base
