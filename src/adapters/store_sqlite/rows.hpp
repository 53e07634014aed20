#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stockroom/domain/state.hpp"
#include "stockroom/domain/statistics.hpp"
#include "stockroom/ports/store.hpp"

#include "connection.hpp"

namespace stockroom::store_sqlite {

/// How the things of the domain stand in rows: reads them by key. What cannot be read is empty,
/// and the connection says why.
class RowReader {
  public:
    explicit RowReader(Connection& connection);

    /// An order or hold, and the number that its rows stand under.
    template <typename T>
    struct Numbered {
        std::int64_t number = 0;
        T row;
    };

    [[nodiscard]] std::optional<domain::Item> item(const domain::Sku& sku);
    [[nodiscard]] std::vector<domain::Level> levels(const domain::Sku& sku);  // by location
    [[nodiscard]] std::vector<domain::Location> locations();                  // by code
    [[nodiscard]] std::optional<Numbered<domain::Order>> order(const base::Uuid& id);
    [[nodiscard]] std::optional<domain::Order> order(std::int64_t number);
    /// With all its lines.
    [[nodiscard]] std::optional<domain::Hold> hold(std::int64_t number);
    /// With its lines of this SKU only.
    [[nodiscard]] std::optional<domain::Hold> hold(std::int64_t number, const domain::Sku& sku);
    [[nodiscard]] std::optional<domain::Record> record(const domain::Srn& srn);  // deleted ones too
    [[nodiscard]] std::optional<ports::StoredOutcome> outcome(const base::Uuid& command);

  private:
    [[nodiscard]] std::optional<Numbered<domain::Order>> read_order(Rows& rows);
    [[nodiscard]] std::optional<domain::Hold> read_hold(std::int64_t number, Rows lines);

    Connection& connection_;
    Statement item_;
    Statement levels_;
    Statement locations_;
    Statement order_by_id_;
    Statement order_by_number_;
    Statement order_lines_;
    Statement hold_;
    Statement hold_lines_;
    Statement hold_lines_of_sku_;
    Statement record_;
    Statement outcome_;
};

/// Of the first columns: sku, name, label, price, reorder_point, retired, version, created_at,
/// updated_at.
[[nodiscard]] std::optional<domain::Item> read_item(Connection& connection, const Rows& rows);
/// Of the first columns: code, name, priority, version, created_at.
[[nodiscard]] std::optional<domain::Location> read_location(Connection& connection,
                                                            const Rows& rows);
/// Of the first columns: srn, name, section, deleted, version, created_at, updated_at.
[[nodiscard]] std::optional<domain::Record> read_record(Connection& connection, const Rows& rows);

/// Of the columns from this one on, as in order_statistics: processed, rejected, units_billions,
/// units_rest, price_billions, price_rest.
[[nodiscard]] domain::OrderTotals read_order_totals(const Rows& rows, int column);

/// The text in this column as a SKU or location code.
[[nodiscard]] std::optional<domain::Sku> read_sku(Connection& connection, const Rows& rows,
                                                  int column);
[[nodiscard]] std::optional<domain::LocationCode> read_code(Connection& connection,
                                                            const Rows& rows, int column);

}  // namespace stockroom::store_sqlite
