#include "rows.hpp"

#include "stockroom/store_format/states.hpp"

namespace stockroom::store_sqlite {

using namespace store_format;

domain::OrderTotals read_order_totals(const Rows& rows, int column) {
    using base::Total;
    return {
        .processed = rows.integer(column),
        .rejected = rows.integer(column + 1),
        .units = Total::from_parts(rows.integer(column + 2), rows.integer(column + 3)),
        .execution_price = Total::from_parts(rows.integer(column + 4), rows.integer(column + 5))};
}

std::optional<domain::Sku> read_sku(Connection& connection, const Rows& rows, int column) {
    auto sku = domain::Sku::parse(rows.text(column));
    if (!sku) connection.fail_corrupt("a column sku");
    return sku;
}

std::optional<domain::LocationCode> read_code(Connection& connection, const Rows& rows,
                                              int column) {
    auto code = domain::LocationCode::parse(rows.text(column));
    if (!code) connection.fail_corrupt("a column location");
    return code;
}

std::optional<domain::Item> read_item(Connection& connection, const Rows& rows) {
    auto sku = read_sku(connection, rows, 0);
    if (!sku) return std::nullopt;
    return domain::Item{.sku = *std::move(sku),
                        .name = rows.string(1),
                        .label = rows.string(2),
                        .price = rows.money(3),
                        .reorder_point = rows.integer(4),
                        .retired = rows.integer(5) != 0,
                        .version = rows.integer(6),
                        .created_at = rows.time(7),
                        .updated_at = rows.time(8)};
}

std::optional<domain::Location> read_location(Connection& connection, const Rows& rows) {
    auto code = read_code(connection, rows, 0);
    if (!code) return std::nullopt;
    return domain::Location{.code = *std::move(code),
                            .name = rows.string(1),
                            .priority = rows.integer(2),
                            .version = rows.integer(3),
                            .created_at = rows.time(4)};
}

std::optional<domain::Record> read_record(Connection& connection, const Rows& rows) {
    auto srn = domain::Srn::parse(rows.text(0));
    if (!srn) {
        connection.fail_corrupt("records.srn");
        return std::nullopt;
    }
    return domain::Record{.srn = *std::move(srn),
                          .name = rows.string(1),
                          .section = rows.string(2),
                          .deleted = rows.integer(3) != 0,
                          .version = rows.integer(4),
                          .created_at = rows.time(5),
                          .updated_at = rows.time(6)};
}

RowReader::RowReader(Connection& connection)
    : connection_(connection),
      item_(connection,
            "SELECT sku, name, label, price, reorder_point, retired, version, created_at, "
            "updated_at FROM items WHERE sku = ?"),
      levels_(connection,
              "SELECT location, on_hand, held, version FROM levels WHERE sku = ? "
              "ORDER BY location"),
      locations_(connection,
                 "SELECT code, name, priority, version, created_at FROM locations ORDER BY code"),
      order_by_id_(connection,
                   "SELECT number, id, customer, state, execution_price, reference, actor, "
                   "version, created_at, updated_at, cancel_reason FROM orders WHERE id = ?"),
      order_by_number_(
          connection,
          "SELECT number, id, customer, state, execution_price, reference, actor, "
          "version, created_at, updated_at, cancel_reason FROM orders WHERE number = ?"),
      order_lines_(connection,
                   "SELECT sku, quantity, unit_price, returned FROM order_lines "
                   "WHERE number = ? ORDER BY line"),
      hold_(connection,
            "SELECT holds.id, orders.id, holds.state, holds.expires_at, holds.version FROM holds "
            "LEFT JOIN orders ON orders.number = holds.number AND holds.id IS NULL "
            "WHERE holds.number = ?"),
      hold_lines_(connection,
                  "SELECT sku, location, quantity, posted, voided FROM hold_lines "
                  "WHERE number = ? ORDER BY line"),
      hold_lines_of_sku_(connection,
                         "SELECT sku, location, quantity, posted, voided FROM hold_lines "
                         "WHERE number = ? AND sku = ? ORDER BY line"),
      record_(connection,
              "SELECT srn, name, section, deleted, version, created_at, updated_at FROM records "
              "WHERE srn = ?"),
      outcome_(connection,
               "SELECT command, kind, fingerprint, bytes, at FROM outcomes WHERE command = ?") {}

std::optional<domain::Item> RowReader::item(const domain::Sku& sku) {
    Rows rows = item_.query(sku.text());
    if (!rows.next()) return std::nullopt;
    return read_item(connection_, rows);
}

std::vector<domain::Level> RowReader::levels(const domain::Sku& sku) {
    std::vector<domain::Level> levels;
    for (Rows rows = levels_.query(sku.text()); rows.next();) {
        auto code = read_code(connection_, rows, 0);
        if (!code) break;
        levels.push_back({.sku = sku,
                          .location = *std::move(code),
                          .on_hand = rows.integer(1),
                          .held = rows.integer(2),
                          .version = rows.integer(3)});
    }
    return levels;
}

std::vector<domain::Location> RowReader::locations() {
    std::vector<domain::Location> locations;
    for (Rows rows = locations_.query(); rows.next();) {
        auto location = read_location(connection_, rows);
        if (!location) break;
        locations.push_back(*std::move(location));
    }
    return locations;
}

std::optional<RowReader::Numbered<domain::Order>> RowReader::read_order(Rows& rows) {
    if (!rows.next()) return std::nullopt;
    const auto state = parse_order_state(rows.text(3));
    if (!state) {
        connection_.fail_corrupt("orders.state");
        return std::nullopt;
    }
    Numbered<domain::Order> order{.number = rows.integer(0),
                                  .row = {.id = rows.uuid(1),
                                          .customer = rows.string(2),
                                          .state = *state,
                                          .lines = {},
                                          .execution_price = rows.money(4),
                                          .reference = rows.string(5),
                                          .actor = rows.string(6),
                                          .version = rows.integer(7),
                                          .created_at = rows.time(8),
                                          .updated_at = rows.time(9),
                                          .cancel_reason = rows.string(10)}};
    for (Rows lines = order_lines_.query(order.number); lines.next();) {
        auto sku = read_sku(connection_, lines, 0);
        if (!sku) return std::nullopt;
        order.row.lines.push_back({.sku = *std::move(sku),
                                   .quantity = lines.integer(1),
                                   .unit_price = lines.money(2),
                                   .returned = lines.integer(3)});
    }
    if (connection_.failed()) return std::nullopt;
    return order;
}

std::optional<RowReader::Numbered<domain::Order>> RowReader::order(const base::Uuid& id) {
    Rows rows = order_by_id_.query(id);
    return read_order(rows);
}

std::optional<domain::Order> RowReader::order(std::int64_t number) {
    Rows rows = order_by_number_.query(number);
    auto order = read_order(rows);
    if (!order) return std::nullopt;
    return std::move(order->row);
}

std::optional<domain::Hold> RowReader::hold(std::int64_t number) {
    return read_hold(number, hold_lines_.query(number));
}

std::optional<domain::Hold> RowReader::hold(std::int64_t number, const domain::Sku& sku) {
    return read_hold(number, hold_lines_of_sku_.query(number, sku.text()));
}

std::optional<domain::Hold> RowReader::read_hold(std::int64_t number, Rows lines) {
    Rows rows = hold_.query(number);
    if (!rows.next()) return std::nullopt;
    const auto state = parse_hold_state(rows.text(2));
    const bool lacks_expiry = state == domain::HoldState::pending && rows.is_null(3);
    if (!state || lacks_expiry || (rows.is_null(0) && rows.is_null(1))) {
        connection_.fail_corrupt("a row of holds");
        return std::nullopt;
    }
    domain::Hold hold{.id = rows.is_null(0) ? rows.uuid(1) : rows.uuid(0),
                      .state = *state,
                      .order = rows.optional_uuid(1),
                      .expires_at = rows.is_null(3) ? std::nullopt : std::optional(rows.time(3)),
                      .lines = {},
                      .version = rows.integer(4)};
    while (lines.next()) {
        auto sku = read_sku(connection_, lines, 0);
        auto code = read_code(connection_, lines, 1);
        if (!sku || !code) return std::nullopt;
        hold.lines.push_back({.sku = *std::move(sku),
                              .location = *std::move(code),
                              .quantity = lines.integer(2),
                              .posted = lines.integer(3),
                              .voided = lines.integer(4)});
    }
    if (connection_.failed()) return std::nullopt;
    return hold;
}

std::optional<domain::Record> RowReader::record(const domain::Srn& srn) {
    Rows rows = record_.query(srn.text());
    if (!rows.next()) return std::nullopt;
    return read_record(connection_, rows);
}

std::optional<ports::StoredOutcome> RowReader::outcome(const base::Uuid& command) {
    Rows rows = outcome_.query(command);
    if (!rows.next()) return std::nullopt;
    return ports::StoredOutcome{.command = rows.uuid(0),
                                .kind = rows.string(1),
                                .fingerprint = rows.fingerprint(2),
                                .bytes = rows.string(3),
                                .at = rows.time(4)};
}

}  // namespace stockroom::store_sqlite
