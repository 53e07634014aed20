#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stockroom::base {

/// How many decimals the store's one currency has (USD, EUR: 2).
inline constexpr int kMoneyDecimals = 2;

/// An amount in minor units (cents) of the store's one currency. No floating point touches it.
class Money {
  public:
    constexpr Money() = default;
    [[nodiscard]] static constexpr Money from_minor(std::int64_t minor) { return Money(minor); }

    /// Reads a plain decimal: digits, then at most kMoneyDecimals more after a point ("25", "25.0",
    /// "25.00"), with an optional leading '-'. Empty for anything else: exponents, signs, spaces,
    /// more decimals, more than 64 bits.
    [[nodiscard]] static std::optional<Money> parse(std::string_view text);

    /// Always with all decimals: "25.00", "-0.05".
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] constexpr std::int64_t minor() const { return minor_; }

    /// Empty when the amount does not fit into 64 bits.
    [[nodiscard]] std::optional<Money> plus(Money other) const;
    [[nodiscard]] std::optional<Money> times(std::int64_t factor) const;

    friend constexpr auto operator<=>(Money, Money) = default;

  private:
    explicit constexpr Money(std::int64_t minor) : minor_(minor) {}

    std::int64_t minor_ = 0;
};

}  // namespace stockroom::base
