#include "audit.hpp"

#include <utility>

#include "rows.hpp"

namespace stockroom::store_sqlite {

namespace {

/// Every level, and what has movements or open hold lines without one.
constexpr auto kLevels =
    "WITH moved AS (SELECT sku, location, sum(quantity) AS total FROM movements "
    "GROUP BY sku, location), "
    "open AS (SELECT sku, location, sum(quantity - posted - voided) AS total FROM hold_lines "
    "JOIN holds ON holds.number = hold_lines.number "
    "WHERE holds.state IN ('pending', 'committed') GROUP BY sku, location "
    "HAVING total <> 0), "
    "keys AS (SELECT sku, location FROM levels UNION SELECT sku, location FROM moved "
    "UNION SELECT sku, location FROM open) "
    "SELECT keys.sku, keys.location, levels.sku IS NOT NULL, coalesce(levels.on_hand, 0), "
    "coalesce(levels.held, 0), coalesce(levels.version, 0), coalesce(moved.total, 0), "
    "coalesce(open.total, 0) FROM keys "
    "LEFT JOIN levels ON levels.sku = keys.sku AND levels.location = keys.location "
    "LEFT JOIN moved ON moved.sku = keys.sku AND moved.location = keys.location "
    "LEFT JOIN open ON open.sku = keys.sku AND open.location = keys.location "
    "ORDER BY keys.sku, keys.location";

constexpr auto kHoldLines =
    "WITH ordered AS MATERIALIZED (SELECT number, sku, sum(quantity) AS total FROM order_lines "
    "GROUP BY number, sku), "
    "shipped AS MATERIALIZED (SELECT order_id, sku, location, -sum(quantity) AS total "
    "FROM movements WHERE kind = 'shipment' GROUP BY order_id, sku, location) "
    "SELECT coalesce(holds.id, orders.id), line.sku, line.location, holds.state, "
    "line.quantity, line.posted, line.voided, coalesce(orders.state, ''), "
    "coalesce(ordered.total, 0), coalesce(shipped.total, 0) FROM hold_lines AS line "
    "JOIN holds ON holds.number = line.number "
    "LEFT JOIN orders ON orders.number = holds.number AND holds.id IS NULL "
    "LEFT JOIN ordered ON ordered.number = orders.number AND ordered.sku = line.sku "
    "LEFT JOIN shipped ON shipped.order_id = orders.id AND shipped.sku = line.sku "
    "AND shipped.location = line.location "
    "ORDER BY 1, line.line";

constexpr auto kOrderLines =
    "WITH allocated AS MATERIALIZED (SELECT hold_lines.number, sku, sum(quantity) AS total "
    "FROM hold_lines JOIN holds ON holds.number = hold_lines.number WHERE holds.id IS NULL "
    "GROUP BY hold_lines.number, sku), "
    "back AS MATERIALIZED (SELECT order_id, sku, sum(quantity) AS total FROM movements "
    "WHERE kind = 'customer_return' GROUP BY order_id, sku) "
    "SELECT orders.id, line.sku, line.quantity, line.unit_price, line.returned, "
    "coalesce(allocated.total, 0), coalesce(back.total, 0) FROM order_lines AS line "
    "JOIN orders ON orders.number = line.number "
    "LEFT JOIN allocated ON allocated.number = line.number AND allocated.sku = line.sku "
    "LEFT JOIN back ON back.order_id = orders.id AND back.sku = line.sku "
    "ORDER BY orders.id, line.line";

constexpr auto kVersions =
    "SELECT 'item/' || sku, version FROM items "
    "UNION ALL SELECT 'location/' || code, version FROM locations "
    "UNION ALL SELECT 'record/' || srn, version FROM records "
    "UNION ALL SELECT lower(printf('dead_letter/%s-%s-%s-%s-%s', substr(hex(command), 1, 8), "
    "substr(hex(command), 9, 4), substr(hex(command), 13, 4), substr(hex(command), 17, 4), "
    "substr(hex(command), 21))), version FROM dead_commands WHERE version > 0 ORDER BY 1";

constexpr auto kOrders =
    "SELECT orders.id, orders.state, orders.version, orders.execution_price, "
    "coalesce(holds.state, ''), "
    "(SELECT coalesce(sum(quantity), 0) FROM order_lines AS l WHERE l.number = orders.number), "
    "(SELECT coalesce(sum(returned), 0) FROM order_lines AS l WHERE l.number = orders.number), "
    "(SELECT coalesce(sum(quantity), 0) FROM hold_lines AS l WHERE l.number = holds.number), "
    "(SELECT coalesce(sum(posted), 0) FROM hold_lines AS l WHERE l.number = holds.number), "
    "(SELECT coalesce(sum(voided), 0) FROM hold_lines AS l WHERE l.number = holds.number) "
    "FROM orders LEFT JOIN holds ON holds.number = orders.number AND holds.id IS NULL "
    "ORDER BY orders.id";

constexpr auto kStatistics =
    "WITH lines AS MATERIALIZED (SELECT number, sum(quantity / 1000000000) AS billions, "
    "sum(quantity % 1000000000) AS rest FROM order_lines GROUP BY number), "
    "counted AS MATERIALIZED (SELECT created_at / 60000000 AS minute, "
    "sum(state <> 'rejected') AS processed, sum(state = 'rejected') AS rejected, "
    "sum(iif(state = 'rejected', 0, lines.billions)) AS units_billions, "
    "sum(iif(state = 'rejected', 0, lines.rest)) AS units_rest, "
    "sum(iif(state = 'rejected', 0, execution_price / 1000000000)) AS price_billions, "
    "sum(iif(state = 'rejected', 0, execution_price % 1000000000)) AS price_rest "
    "FROM orders LEFT JOIN lines ON lines.number = orders.number GROUP BY 1) "
    "SELECT coalesce(kept.minute, counted.minute) AS at_minute, kept.minute IS NOT NULL, "
    "coalesce(kept.processed, 0), coalesce(kept.rejected, 0), coalesce(kept.units_billions, 0), "
    "coalesce(kept.units_rest, 0), coalesce(kept.price_billions, 0), "
    "coalesce(kept.price_rest, 0), "
    "coalesce(counted.processed, 0), coalesce(counted.rejected, 0), "
    "coalesce(counted.units_billions, 0), coalesce(counted.units_rest, 0), "
    "coalesce(counted.price_billions, 0), coalesce(counted.price_rest, 0) "
    "FROM order_statistics AS kept FULL JOIN counted ON counted.minute = kept.minute "
    "ORDER BY at_minute";

constexpr auto kEvents =
    "SELECT position, type, key, version, actor <> '', "
    "log.command IS NULL OR "
    "EXISTS (SELECT 1 FROM outcomes WHERE outcomes.command = log.command) "
    "FROM log ORDER BY position";

class SqliteAuditSource final : public ports::AuditSource {
  public:
    explicit SqliteAuditSource(std::unique_ptr<Connection> connection)
        : connection_(std::move(connection)) {}

    [[nodiscard]] Expected<void> levels(
        const std::function<void(const ports::LevelAudit&)>& visit) override {
        return read(kLevels, [&visit](const Rows& row) {
            visit({.sku = row.string(0),
                   .location = row.string(1),
                   .exists = row.integer(2) != 0,
                   .on_hand = row.integer(3),
                   .held = row.integer(4),
                   .version = row.integer(5),
                   .moved = row.integer(6),
                   .open_lines = row.integer(7)});
        });
    }

    [[nodiscard]] Expected<void> hold_lines(
        const std::function<void(const ports::HoldLineAudit&)>& visit) override {
        return read(kHoldLines, [&visit](const Rows& row) {
            visit({.hold = row.is_null(0) ? "" : row.uuid(0).to_string(),
                   .sku = row.string(1),
                   .location = row.string(2),
                   .state = row.string(3),
                   .quantity = row.integer(4),
                   .posted = row.integer(5),
                   .voided = row.integer(6),
                   .order_state = row.string(7),
                   .ordered = row.integer(8),
                   .shipped = row.integer(9)});
        });
    }

    [[nodiscard]] Expected<void> order_lines(
        const std::function<void(const ports::OrderLineAudit&)>& visit) override {
        return read(kOrderLines, [&visit](const Rows& row) {
            visit({.order = row.uuid(0).to_string(),
                   .sku = row.string(1),
                   .quantity = row.integer(2),
                   .unit_price = row.integer(3),
                   .returned = row.integer(4),
                   .allocated = row.integer(5),
                   .came_back = row.integer(6)});
        });
    }

    [[nodiscard]] Expected<void> orders(
        const std::function<void(const ports::OrderAudit&)>& visit) override {
        return read(kOrders, [&visit](const Rows& row) {
            visit({.order = row.uuid(0).to_string(),
                   .state = row.string(1),
                   .version = row.integer(2),
                   .execution_price = row.integer(3),
                   .hold_state = row.string(4),
                   .ordered = row.integer(5),
                   .returned = row.integer(6),
                   .hold_quantity = row.integer(7),
                   .posted = row.integer(8),
                   .voided = row.integer(9)});
        });
    }

    [[nodiscard]] Expected<void> versions(
        const std::function<void(const ports::VersionAudit&)>& visit) override {
        return read(kVersions, [&visit](const Rows& row) {
            visit({.key = row.string(0), .version = row.integer(1)});
        });
    }

    [[nodiscard]] Expected<void> statistics(
        const std::function<void(const ports::StatisticsAudit&)>& visit) override {
        domain::OrderTotals counted;  // up to the row's minute
        return read(kStatistics, [&visit, &counted](const Rows& row) {
            counted = counted.plus(read_order_totals(row, 8));
            visit({.minute = row.integer(0),
                   .exists = row.integer(1) != 0,
                   .kept = read_order_totals(row, 2),
                   .counted = counted});
        });
    }

    [[nodiscard]] Expected<void> events(
        const std::function<void(const ports::EventAudit&)>& visit) override {
        return read(kEvents, [&visit](const Rows& row) {
            visit({.position = row.integer(0),
                   .type = row.string(1),
                   .key = row.string(2),
                   .version = row.integer(3),
                   .has_actor = row.integer(4) != 0,
                   .has_outcome = row.integer(5) != 0});
        });
    }

    [[nodiscard]] Expected<std::int64_t> log_head() override {
        return connection_->finish(
            connection_->integer("SELECT position FROM log_head WHERE id = 1"));
    }

  private:
    template <typename Visit>
    [[nodiscard]] Expected<void> read(const char* sql, const Visit& visit) {
        Statement statement(*connection_, sql);
        {
            Rows rows = statement.query();
            while (rows.next())
                visit(rows);
        }
        return connection_->finish();
    }

    std::unique_ptr<Connection> connection_;
};

}  // namespace

Expected<std::unique_ptr<ports::AuditSource>> make_audit_source(
    std::unique_ptr<Connection> connection) {
    // The first read fixes what all later ones see (sqlite.org/isolation.html).
    connection->execute("BEGIN");
    (void)connection->integer("SELECT position FROM log_head WHERE id = 1");
    if (connection->failed()) return std::unexpected(connection->take_error());
    return std::make_unique<SqliteAuditSource>(std::move(connection));
}

}  // namespace stockroom::store_sqlite
