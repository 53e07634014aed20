#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"

namespace stockroom::store_format {

/// Which list a cursor goes on with; the letter that it starts with.
enum class CursorKind : char {
    items = 'i',
    movements = 'm',
    locations = 'l',
    orders = 'o',
    records = 'r',
    dead_letters = 'd',
    incidents = 'h',
};

/// The key of a page's last row as a text for URLs: the list's letter, then the key in hexadecimal.
[[nodiscard]] std::string write_cursor(CursorKind kind, std::string_view key);
[[nodiscard]] std::string write_cursor(CursorKind kind, std::int64_t key);

/// Empty for what write_cursor never gave for this list.
[[nodiscard]] std::optional<std::string> read_cursor(CursorKind kind, std::string_view cursor);
[[nodiscard]] std::optional<std::int64_t> read_number_cursor(CursorKind kind,
                                                             std::string_view cursor);

/// Where a list goes on that is sorted by a time, and then by an id.
struct TimeAndId {
    base::Time at;
    base::Uuid id;
};
[[nodiscard]] std::string write_cursor(CursorKind kind, const TimeAndId& key);
[[nodiscard]] std::optional<TimeAndId> read_time_cursor(CursorKind kind, std::string_view cursor);

/// Of a list by id, the newest first: the id that a page's rows stand before; without a cursor, one
/// behind all. Empty for what write_cursor never gave.
[[nodiscard]] std::optional<base::Uuid> read_id_cursor(CursorKind kind, std::string_view cursor);

/// A whole number, nothing before or after it.
[[nodiscard]] std::optional<std::int64_t> parse_number(std::string_view text);

}  // namespace stockroom::store_format
