#include "stockroom/domain/values.hpp"

#include <algorithm>

namespace stockroom::domain {

namespace {

constexpr std::size_t kMaxSkuLength = 64;
constexpr std::size_t kMaxLocationCodeLength = 32;

constexpr bool is_printable(char c) {
    return c >= ' ' && c <= '~';
}

constexpr bool is_code_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

}  // namespace

std::optional<Sku> Sku::parse(std::string_view text) {
    if (text.empty() || text.size() > kMaxSkuLength) return std::nullopt;
    if (text.front() == ' ' || text.back() == ' ') return std::nullopt;
    if (!std::ranges::all_of(text, is_printable)) return std::nullopt;
    return Sku(text);
}

std::optional<LocationCode> LocationCode::parse(std::string_view text) {
    if (text.empty() || text.size() > kMaxLocationCodeLength) return std::nullopt;
    if (!std::ranges::all_of(text, is_code_character)) return std::nullopt;
    return LocationCode(text);
}

}  // namespace stockroom::domain
