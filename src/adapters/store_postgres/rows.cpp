#include "rows.hpp"

#include "stockroom/store_format/states.hpp"

namespace stockroom::store_postgres {

using namespace store_format;

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

std::optional<domain::Level> read_level(Connection& connection, const Rows& rows) {
    auto sku = read_sku(connection, rows, 0);
    auto code = read_code(connection, rows, 1);
    if (!sku || !code) return std::nullopt;
    return domain::Level{.sku = *std::move(sku),
                         .location = *std::move(code),
                         .on_hand = rows.integer(2),
                         .held = rows.integer(3),
                         .version = rows.integer(4)};
}

std::optional<domain::Location> read_location(Connection& connection, const Rows& rows,
                                              int column) {
    auto code = read_code(connection, rows, column);
    if (!code) return std::nullopt;
    return domain::Location{.code = *std::move(code),
                            .name = rows.string(column + 1),
                            .priority = rows.integer(column + 2),
                            .version = rows.integer(column + 3),
                            .created_at = rows.time(column + 4)};
}

std::optional<Numbered<domain::Order>> read_order(Connection& connection, const Rows& rows) {
    const auto state = parse_order_state(rows.text(3));
    if (!state) {
        connection.fail_corrupt("orders.state");
        return std::nullopt;
    }
    return Numbered<domain::Order>{.number = rows.integer(0),
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
}

std::optional<Numbered<domain::OrderLine>> read_order_line(Connection& connection,
                                                           const Rows& rows) {
    auto sku = read_sku(connection, rows, 1);
    if (!sku) return std::nullopt;
    return Numbered<domain::OrderLine>{.number = rows.integer(0),
                                       .row = {.sku = *std::move(sku),
                                               .quantity = rows.integer(2),
                                               .unit_price = rows.money(3),
                                               .returned = rows.integer(4)}};
}

std::optional<Numbered<domain::Hold>> read_hold(Connection& connection, const Rows& rows,
                                                int column) {
    const auto state = parse_hold_state(rows.text(column + 3));
    const bool lacks_expiry = state == domain::HoldState::pending && rows.is_null(column + 4);
    if (!state || lacks_expiry || (rows.is_null(column + 1) && rows.is_null(column + 2))) {
        connection.fail_corrupt("a row of holds");
        return std::nullopt;
    }
    return Numbered<domain::Hold>{
        .number = rows.integer(column),
        .row = {.id = rows.is_null(column + 1) ? rows.uuid(column + 2) : rows.uuid(column + 1),
                .state = *state,
                .order = rows.optional_uuid(column + 2),
                .expires_at =
                    rows.is_null(column + 4) ? std::nullopt : std::optional(rows.time(column + 4)),
                .lines = {},
                .version = rows.integer(column + 5)}};
}

std::optional<Numbered<domain::HoldLine>> read_hold_line(Connection& connection, const Rows& rows) {
    auto sku = read_sku(connection, rows, 1);
    auto code = read_code(connection, rows, 2);
    if (!sku || !code) return std::nullopt;
    return Numbered<domain::HoldLine>{.number = rows.integer(0),
                                      .row = {.sku = *std::move(sku),
                                              .location = *std::move(code),
                                              .quantity = rows.integer(3),
                                              .posted = rows.integer(4),
                                              .voided = rows.integer(5)}};
}

std::optional<domain::OrderTotals> read_order_totals(Connection& connection, const Rows& rows,
                                                     int column) {
    const auto units = base::Total::parse(rows.text(column + 2));
    const auto price = base::Total::parse(rows.text(column + 3));
    if (!units || !price) {
        connection.fail_corrupt("a row of order_statistics");
        return std::nullopt;
    }
    return domain::OrderTotals{.processed = rows.integer(column),
                               .rejected = rows.integer(column + 1),
                               .units = *units,
                               .execution_price = *price};
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

ports::StoredOutcome read_outcome(const Rows& rows) {
    return {.command = rows.uuid(0),
            .kind = rows.string(1),
            .fingerprint = rows.fingerprint(2),
            .bytes = rows.string(3),
            .at = rows.time(4)};
}

}  // namespace stockroom::store_postgres
