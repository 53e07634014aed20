#pragma once

#include <expected>

#include "stockroom/contract/codec.hpp"

#include "fields.hpp"

namespace stockroom::contract {

/// Reverse of write(…): the states as encode_outcome wrote them. What is derived (available) and
/// what is not known is passed over; texts and numbers are taken as they stand.
[[nodiscard]] std::expected<domain::ItemView, Invalid> read_item(const JsonValue& value,
                                                                 const Place* place);
[[nodiscard]] std::expected<domain::Location, Invalid> read_location_state(const JsonValue& value,
                                                                           const Place* place);
[[nodiscard]] std::expected<domain::Level, Invalid> read_level(const JsonValue& value,
                                                               const Place* place);
[[nodiscard]] std::expected<domain::OrderView, Invalid> read_order(const JsonValue& value,
                                                                   const Place* place);
[[nodiscard]] std::expected<domain::Record, Invalid> read_record(const JsonValue& value,
                                                                 const Place* place);
[[nodiscard]] std::expected<domain::DeadLetter, Invalid> read_dead_letter(const JsonValue& value,
                                                                          const Place* place);
[[nodiscard]] std::expected<domain::Shortage, Invalid> read_shortage(const JsonValue& value,
                                                                     Unknown unknown,
                                                                     const Place* place);

/// Any text, any 64-bit whole number.
[[nodiscard]] Parsed<std::string> read_any_text(const JsonValue& value);
inline constexpr ReadInteger kReadAnyInteger{std::numeric_limits<std::int64_t>::min(),
                                             std::numeric_limits<std::int64_t>::max()};

}  // namespace stockroom::contract
