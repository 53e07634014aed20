#pragma once

#include <optional>
#include <string_view>

#include "stockroom/domain/dead_letter.hpp"
#include "stockroom/domain/health.hpp"
#include "stockroom/domain/state.hpp"

namespace stockroom::store_format {

/// How states stand in rows. These texts are part of the tables: they never change.
[[nodiscard]] std::string_view to_text(domain::OrderState state);
[[nodiscard]] std::string_view to_text(domain::HoldState state);
[[nodiscard]] std::string_view to_text(domain::MovementKind kind);
[[nodiscard]] std::string_view to_text(domain::DeadLetterState state);
[[nodiscard]] std::string_view to_text(domain::PartKind kind);
[[nodiscard]] std::string_view to_text(domain::PartState state);

[[nodiscard]] std::optional<domain::OrderState> parse_order_state(std::string_view text);
[[nodiscard]] std::optional<domain::HoldState> parse_hold_state(std::string_view text);
[[nodiscard]] std::optional<domain::MovementKind> parse_movement_kind(std::string_view text);
[[nodiscard]] std::optional<domain::DeadLetterState> parse_dead_letter_state(std::string_view text);
[[nodiscard]] std::optional<domain::PartKind> parse_part_kind(std::string_view text);
[[nodiscard]] std::optional<domain::PartState> parse_part_state(std::string_view text);

}  // namespace stockroom::store_format
