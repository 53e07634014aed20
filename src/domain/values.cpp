#include "stockroom/domain/values.hpp"

#include <algorithm>

namespace stockroom::domain {

namespace {

constexpr std::size_t kMaxSkuLength = 64;
constexpr std::size_t kMaxLocationCodeLength = 32;
constexpr std::size_t kMaxSrnLength = 64;

constexpr bool is_printable(char c) {
    return c >= ' ' && c <= '~';
}

constexpr bool is_code_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

bool is_printable_name(std::string_view text, std::size_t max_length) {
    if (text.empty() || text.size() > max_length) return false;
    if (text.front() == ' ' || text.back() == ' ') return false;
    return std::ranges::all_of(text, is_printable);
}

}  // namespace

std::optional<Sku> Sku::parse(std::string_view text) {
    if (!is_printable_name(text, kMaxSkuLength)) return std::nullopt;
    return Sku(text);
}

std::optional<LocationCode> LocationCode::parse(std::string_view text) {
    if (text.empty() || text.size() > kMaxLocationCodeLength) return std::nullopt;
    if (!std::ranges::all_of(text, is_code_character)) return std::nullopt;
    return LocationCode(text);
}

std::optional<Srn> Srn::parse(std::string_view text) {
    if (!is_printable_name(text, kMaxSrnLength)) return std::nullopt;
    return Srn(text);
}

}  // namespace stockroom::domain
