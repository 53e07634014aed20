#pragma once

#include <optional>
#include <vector>

#include "stockroom/domain/state.hpp"
#include "stockroom/ports/queries.hpp"

#include "rows.hpp"

namespace stockroom::store_postgres {

// How the things of the domain stand in the rows of a query that gives each of them, with all that
// belongs to it, as one row: one statement, one round trip, one state of the store. What cannot be
// read is empty, and the connection says why.

/// Of read_item's columns, then on_hand and held of all its levels.
[[nodiscard]] std::optional<domain::ItemView> read_item_view(Connection& connection,
                                                             const Rows& rows);
/// Of number, location, kind, quantity, reason, reference, order_id, command, actor, at.
[[nodiscard]] std::optional<domain::Movement> read_movement(Connection& connection,
                                                            const domain::Sku& sku,
                                                            const Rows& rows);
/// Of the columns from this one on: as read_hold, then its lines (sku, location, quantity, posted,
/// voided).
[[nodiscard]] std::optional<domain::Hold> read_hold_view(Connection& connection, const Rows& rows,
                                                         int column);
/// Of read_order's columns, its lines (sku, quantity, unit_price, returned), then its hold as
/// read_hold_view; without a hold its number is NULL.
[[nodiscard]] std::optional<domain::OrderView> read_order_view(Connection& connection,
                                                               const Rows& rows);
/// Of position, type, key, version, command, actor, at, data.
[[nodiscard]] std::vector<ports::LoggedEvent> read_events(Rows rows);

}  // namespace stockroom::store_postgres
