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
inline constexpr std::string_view kHealthQueue = "stockroom.health";
inline constexpr std::string_view kRecordsQueue = "stockroom.records";

/// Those whose service runs in every Stockroom: the health service pings them.
inline constexpr std::string_view kWatchedQueues[] = {kCatalogueQueue, kStockQueue, kOrdersQueue,
                                                      kRecordsQueue, kHealthQueue};

/// The queue of the service that decides commands of this kind; a ping's is any.
[[nodiscard]] std::string_view queue_of(domain::CommandKind kind);
/// Whether a command of this kind may come by that command queue.
[[nodiscard]] bool is_for(domain::CommandKind kind, std::string_view queue);

/// Wire names: the enumerators' own. Events have '.' between thing and what happened to it
/// ("order.reserved").
[[nodiscard]] std::string_view to_string(domain::CommandKind kind);
[[nodiscard]] std::string_view to_string(domain::OrderState state);
[[nodiscard]] std::string_view to_string(domain::HoldState state);
[[nodiscard]] std::string_view to_string(domain::DeadLetterState state);
[[nodiscard]] std::string_view to_string(domain::MovementKind kind);
[[nodiscard]] std::string_view to_string(domain::PartKind kind);
[[nodiscard]] std::string_view to_string(domain::PartState state);
[[nodiscard]] std::string_view to_string(domain::EventType type);
[[nodiscard]] std::string_view to_string(const domain::OutcomeCode& code);

/// Reverse of to_string; empty for what no enumerator is called.
[[nodiscard]] std::optional<domain::CommandKind> parse_command_kind(std::string_view text);
[[nodiscard]] std::optional<domain::OrderState> parse_order_state(std::string_view text);
[[nodiscard]] std::optional<domain::HoldState> parse_hold_state(std::string_view text);
[[nodiscard]] std::optional<domain::DeadLetterState> parse_dead_letter_state(std::string_view text);
[[nodiscard]] std::optional<domain::EventType> parse_event_type(std::string_view text);
/// A code that commands of this kind can have: a CommandRefusal or one of the kind's own.
[[nodiscard]] std::optional<domain::OutcomeCode> parse_outcome_code(domain::CommandKind kind,
                                                                    std::string_view text);

/// What an event's version grows by: "item/SKU", "location/CODE", "movement/COMMAND",
/// "order/ID", "record/SRN", "level/SKU/LOCATION", "dead_letter/ID", "health/PART". A SKU may
/// contain '/', a location's code cannot, so no two things share a key.
[[nodiscard]] std::string event_key(const domain::Event& event);
/// The version of the event's state; 1 for a movement, which never changes.
[[nodiscard]] domain::Version event_version(const domain::Event& event);

}  // namespace stockroom::contract
