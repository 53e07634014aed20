#include "stockroom/store_format/cursor.hpp"

#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

namespace stockroom::store_format {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::size_t kMaxKeySize = 100;

}  // namespace

std::string write_cursor(CursorKind kind, std::string_view key) {
    std::string cursor(1, std::to_underlying(kind));
    for (const char character : key) {
        const auto byte = static_cast<unsigned char>(character);
        cursor += kDigits[byte >> 4U];
        cursor += kDigits[byte & 15U];
    }
    return cursor;
}

std::string write_cursor(CursorKind kind, std::int64_t key) {
    return write_cursor(kind, std::to_string(key));
}

std::optional<std::string> read_cursor(CursorKind kind, std::string_view cursor) {
    if (cursor.empty() || cursor.front() != std::to_underlying(kind)) return std::nullopt;
    cursor.remove_prefix(1);
    if (cursor.size() % 2 != 0 || cursor.size() > 2 * kMaxKeySize) return std::nullopt;
    std::string key;
    for (std::size_t i = 0; i < cursor.size(); i += 2) {
        const auto high = kDigits.find(cursor[i]);
        const auto low = kDigits.find(cursor[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        key += static_cast<char>(high << 4U | low);
    }
    return key;
}

std::optional<std::int64_t> read_number_cursor(CursorKind kind, std::string_view cursor) {
    const auto key = read_cursor(kind, cursor);
    return key ? parse_number(*key) : std::nullopt;
}

std::string write_cursor(CursorKind kind, const TimeAndId& key) {
    return write_cursor(kind, std::to_string(key.at.microseconds()) + ':' + key.id.to_string());
}

std::optional<TimeAndId> read_time_cursor(CursorKind kind, std::string_view cursor) {
    const auto key = read_cursor(kind, cursor);
    const auto colon = key ? key->find(':') : std::string::npos;
    if (colon == std::string::npos) return std::nullopt;
    const auto number = parse_number(std::string_view(*key).substr(0, colon));
    const auto id = base::Uuid::parse(std::string_view(*key).substr(colon + 1));
    if (!number || !id) return std::nullopt;
    return TimeAndId{.at = base::Time::from_microseconds(*number), .id = *id};
}

std::optional<base::Uuid> read_id_cursor(CursorKind kind, std::string_view cursor) {
    if (cursor.empty()) return base::Uuid::parse("ffffffff-ffff-ffff-ffff-ffffffffffff");
    const auto key = read_cursor(kind, cursor);
    return key ? base::Uuid::parse(*key) : std::nullopt;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return number;
}

}  // namespace stockroom::store_format
