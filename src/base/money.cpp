#include "stockroom/base/money.hpp"

#include <fmt/format.h>

#include "stockroom/base/checked.hpp"

namespace stockroom::base {

namespace {

constexpr std::int64_t kMinorPerMajor = 100;
static_assert(kMoneyDecimals == 2);

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::optional<Money> Money::parse(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);

    // Counted downwards, since the negative range reaches one further.
    std::int64_t minor = 0;
    const auto append = [&minor](char digit) {
        return !__builtin_mul_overflow(minor, 10, &minor) &&
               !__builtin_sub_overflow(minor, digit - '0', &minor);
    };

    std::size_t at = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
        if (!append(text[at])) return std::nullopt;
    }
    if (at == 0) return std::nullopt;

    int decimals = 0;
    if (at < text.size() && text[at] == '.') {
        for (++at; at < text.size() && is_digit(text[at]); ++at, ++decimals) {
            if (decimals == kMoneyDecimals || !append(text[at])) return std::nullopt;
        }
        if (decimals == 0) return std::nullopt;
    }
    if (at != text.size()) return std::nullopt;

    for (; decimals < kMoneyDecimals; ++decimals) {
        if (!append('0')) return std::nullopt;
    }
    if (negative) return Money(minor);
    if (__builtin_sub_overflow(std::int64_t{0}, minor, &minor)) return std::nullopt;
    return Money(minor);
}

std::string Money::to_string() const {
    const auto magnitude =
        minor_ < 0 ? 0 - static_cast<std::uint64_t>(minor_) : static_cast<std::uint64_t>(minor_);
    return fmt::format("{}{}.{:02}", minor_ < 0 ? "-" : "", magnitude / kMinorPerMajor,
                       magnitude % kMinorPerMajor);
}

std::optional<Money> Money::plus(Money other) const {
    const auto sum = checked_add(minor_, other.minor_);
    if (!sum) return std::nullopt;
    return Money(*sum);
}

std::optional<Money> Money::times(std::int64_t factor) const {
    const auto product = checked_multiply(minor_, factor);
    if (!product) return std::nullopt;
    return Money(*product);
}

}  // namespace stockroom::base
