#pragma once

#include <string>
#include <variant>

#include "stockroom/domain/dead_letter.hpp"
#include "stockroom/domain/health.hpp"
#include "stockroom/domain/state.hpp"

namespace stockroom::domain {

/// On the wire with '.' between thing and what happened to it: item.created,
/// order.partially_fulfilled, dead_letter.waiting.
enum class EventType {
    item_created,
    item_changed,
    item_retired,
    item_revived,
    location_created,
    stock_received,
    stock_adjusted,
    order_reserved,
    order_confirmed,
    order_partially_fulfilled,
    order_fulfilled,
    order_rejected,
    order_expired,
    order_cancelled,
    order_returned,
    record_inserted,
    record_replaced,
    record_deleted,
    level_changed,
    dead_letter_waiting,
    dead_letter_replaying,
    dead_letter_replayed,
    dead_letter_discarded,
    health_changed,
};

/// A committed fact. Its key is the thing's kind and name, its version the thing's; a movement's
/// key is its command's id. A closed order's event is order_fulfilled.
///   item_*, ItemView          location_created, Location        order_*, OrderView
///   stock_*, Movement         record_*, Record
///   level_changed, Level: one per level and batch (engine folds)
///   dead_letter_*, DeadLetter
///   health_changed, PartChange: from the health service, no command makes it
struct Event {
    EventType type = EventType::item_created;
    std::variant<ItemView, Location, Movement, OrderView, Level, Record, DeadLetter, PartChange>
        state;
    Uuid command;       // the command that made it
    std::string actor;  // who
    Time at;            // the store's clock
};

}  // namespace stockroom::domain
