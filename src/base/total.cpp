#include "stockroom/base/total.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "stockroom/base/check.hpp"
#include "stockroom/base/money.hpp"

namespace stockroom::base {

std::optional<Total> Total::parse(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const bool is_plain = !text.empty() && std::ranges::all_of(text, [](char character) {
        return character >= '0' && character <= '9';
    });
    const bool is_canonical = is_plain && (text.front() != '0' || (text == "0" && !is_negative));
    if (!is_canonical) return std::nullopt;
    Wide value = 0;
    for (const char digit : text)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit - '0', &value))
            return std::nullopt;
    if (is_negative) return of(value);
    if (__builtin_sub_overflow(Wide{0}, value, &value)) return std::nullopt;
    return of(value);
}

Total Total::divided_by(std::int64_t count) const {
    CHECK(value_ >= 0 && count > 0, "an average is of something");
    return of((value_ + count / 2) / count);
}

std::string Total::to_string() const {
    return fmt::format("{}", value_);
}

std::string Total::to_money() const {
    std::string digits = to_string();
    const std::size_t sign = digits.starts_with('-') ? 1 : 0;
    constexpr std::size_t kDecimals = kMoneyDecimals;
    if (digits.size() - sign <= kDecimals)
        digits.insert(sign, kDecimals + 1 - (digits.size() - sign), '0');
    digits.insert(digits.size() - kDecimals, 1, '.');
    return digits;
}

}  // namespace stockroom::base
