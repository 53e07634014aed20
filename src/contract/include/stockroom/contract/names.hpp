#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stockroom/domain/event.hpp"
#include "stockroom/domain/outcome.hpp"

namespace stockroom::contract {

// Queues, one per service.
inline constexpr std::string_view kCatalogueQueue = "stockroom.catalogue";
inline constexpr std::string_view kStockQueue = "stockroom.stock";
inline constexpr std::string_view kOrdersQueue = "stockroom.orders";

/// The queue of the service that decides commands of this kind.
[[nodiscard]] std::string_view queue_of(domain::CommandKind kind);

/// Wire names: the enumerators' own. Events have '.' for the first '_' ("order.reserved").
[[nodiscard]] std::string_view to_string(domain::CommandKind kind);
[[nodiscard]] std::string_view to_string(domain::OrderState state);
[[nodiscard]] std::string_view to_string(domain::HoldState state);
[[nodiscard]] std::string_view to_string(domain::MovementKind kind);
[[nodiscard]] std::string_view to_string(domain::EventType type);
[[nodiscard]] std::string_view to_string(const domain::OutcomeCode& code);

[[nodiscard]] std::optional<domain::CommandKind> parse_command_kind(std::string_view text);
[[nodiscard]] std::optional<domain::OrderState> parse_order_state(std::string_view text);

/// Reverse of to_string.
[[nodiscard]] std::optional<domain::EventType> parse_event_type(std::string_view text);

/// "order/0193…", "item/IB1", "level/IB1/main" …: what an event's version grows by.
[[nodiscard]] std::string event_key(const domain::Event& event);
[[nodiscard]] domain::Version event_version(const domain::Event& event);

}  // namespace stockroom::contract
