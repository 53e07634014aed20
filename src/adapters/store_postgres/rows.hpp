#pragma once

#include <cstdint>
#include <optional>

#include "stockroom/domain/state.hpp"
#include "stockroom/domain/statistics.hpp"
#include "stockroom/ports/store.hpp"

#include "connection.hpp"

namespace stockroom::store_postgres {

// How the things of the domain stand in rows: each reads the present one. What cannot be read is
// empty, and the connection says why.

/// A thing, and the number that it or what it belongs to stands under.
template <typename T>
struct Numbered {
    std::int64_t number = 0;
    T row;
};

/// The text in this column as a SKU or location code.
[[nodiscard]] std::optional<domain::Sku> read_sku(Connection& connection, const Rows& rows,
                                                  int column);
[[nodiscard]] std::optional<domain::LocationCode> read_code(Connection& connection,
                                                            const Rows& rows, int column);

/// Of the first columns: sku, name, label, price, reorder_point, retired, version, created_at,
/// updated_at.
[[nodiscard]] std::optional<domain::Item> read_item(Connection& connection, const Rows& rows);
/// Of the first columns: sku, location, on_hand, held, version.
[[nodiscard]] std::optional<domain::Level> read_level(Connection& connection, const Rows& rows);
/// Of the columns from this one on: code, name, priority, version, created_at.
[[nodiscard]] std::optional<domain::Location> read_location(Connection& connection,
                                                            const Rows& rows, int column = 0);
/// Without its lines. Of the first columns: number, id, customer, state, execution_price,
/// reference, actor, version, created_at, updated_at, cancel_reason.
[[nodiscard]] std::optional<Numbered<domain::Order>> read_order(Connection& connection,
                                                                const Rows& rows);
/// Of the first columns: number, sku, quantity, unit_price, returned.
[[nodiscard]] std::optional<Numbered<domain::OrderLine>> read_order_line(Connection& connection,
                                                                         const Rows& rows);
/// Without its lines. Of the columns from this one on: holds.number, holds.id, its order's id,
/// holds.state, expires_at, holds.version.
[[nodiscard]] std::optional<Numbered<domain::Hold>> read_hold(Connection& connection,
                                                              const Rows& rows, int column = 0);
/// Of the first columns: number, sku, location, quantity, posted, voided.
[[nodiscard]] std::optional<Numbered<domain::HoldLine>> read_hold_line(Connection& connection,
                                                                       const Rows& rows);
/// Of the columns from this one on: processed, rejected, units::text, execution_price::text.
[[nodiscard]] std::optional<domain::OrderTotals> read_order_totals(Connection& connection,
                                                                   const Rows& rows, int column);
/// Of the first columns: srn, name, section, deleted, version, created_at, updated_at.
[[nodiscard]] std::optional<domain::Record> read_record(Connection& connection, const Rows& rows);
/// Of the first columns: command, kind, fingerprint, bytes, at.
[[nodiscard]] ports::StoredOutcome read_outcome(const Rows& rows);

}  // namespace stockroom::store_postgres
