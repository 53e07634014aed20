#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stockroom::base {

/// A sum of 64-bit integers that cannot overflow, however large they are: 128 bits hold 2^63 of
/// them.
class Total {
  public:
    constexpr Total() = default;
    explicit constexpr Total(std::int64_t value) : value_(value) {}
    /// billions × 10^9 + rest. REQUIRES: what billions() and rest() gave, or sums of those.
    [[nodiscard]] static constexpr Total from_parts(std::int64_t billions, std::int64_t rest) {
        return of(Wide{billions} * kBillion + rest);
    }
    /// Reads what to_string() writes. Empty for anything else.
    [[nodiscard]] static std::optional<Total> parse(std::string_view text);

    // For tables whose integers have 64 bits. Both are negative when the total is.
    [[nodiscard]] constexpr std::int64_t billions() const {
        return static_cast<std::int64_t>(value_ / kBillion);
    }
    [[nodiscard]] constexpr std::int64_t rest() const {
        return static_cast<std::int64_t>(value_ % kBillion);
    }

    [[nodiscard]] constexpr Total plus(Total other) const { return of(value_ + other.value_); }
    [[nodiscard]] constexpr Total minus(Total other) const { return of(value_ - other.value_); }
    /// To the nearest whole number, halves up. REQUIRES: not negative, and a positive count.
    [[nodiscard]] Total divided_by(std::int64_t count) const;

    [[nodiscard]] std::string to_string() const;  // "1234"
    /// Of minor units: with all decimals, as Money::to_string writes.
    [[nodiscard]] std::string to_money() const;

    friend constexpr auto operator<=>(Total, Total) = default;

  private:
    __extension__ using Wide = __int128;
    static constexpr std::int64_t kBillion = 1'000'000'000;

    [[nodiscard]] static constexpr Total of(Wide value) {
        Total total;
        total.value_ = value;
        return total;
    }

    Wide value_ = 0;
};

}  // namespace stockroom::base
