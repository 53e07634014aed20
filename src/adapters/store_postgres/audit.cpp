#include "stockroom/ports/audit.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "stockroom/store_postgres/postgres.hpp"

#include "connection.hpp"
#include "rows.hpp"

namespace stockroom::store_postgres {

namespace {

/// Every level, and what has movements or open hold lines without one.
constexpr auto kLevels =
    "WITH moved AS MATERIALIZED (SELECT sku, location, sum(quantity)::bigint AS total "
    "FROM movements GROUP BY sku, location), "
    "open AS MATERIALIZED (SELECT sku, location, "
    "sum(quantity - posted - voided)::bigint AS total FROM hold_lines JOIN holds USING (number) "
    "WHERE holds.state IN ('pending', 'committed') GROUP BY sku, location "
    "HAVING sum(quantity - posted - voided) <> 0) "
    "SELECT sku, location, levels.version IS NOT NULL, coalesce(levels.on_hand, 0), "
    "coalesce(levels.held, 0), coalesce(levels.version, 0), coalesce(moved.total, 0), "
    "coalesce(open.total, 0) FROM levels FULL JOIN moved USING (sku, location) "
    "FULL JOIN open USING (sku, location) ORDER BY sku, location";

constexpr auto kHoldLines =
    "WITH ordered AS MATERIALIZED (SELECT number, sku, sum(quantity)::bigint AS total "
    "FROM order_lines GROUP BY number, sku), "
    "shipped AS MATERIALIZED (SELECT order_id, sku, location, (-sum(quantity))::bigint AS total "
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
    "WITH allocated AS MATERIALIZED (SELECT hold_lines.number, sku, "
    "sum(quantity)::bigint AS total FROM hold_lines JOIN holds USING (number) "
    "WHERE holds.id IS NULL GROUP BY hold_lines.number, sku), "
    "back AS MATERIALIZED (SELECT order_id, sku, sum(quantity)::bigint AS total FROM movements "
    "WHERE kind = 'customer_return' GROUP BY order_id, sku) "
    "SELECT orders.id, line.sku, line.quantity, line.unit_price, line.returned, "
    "coalesce(allocated.total, 0), coalesce(back.total, 0) FROM order_lines AS line "
    "JOIN orders ON orders.number = line.number "
    "LEFT JOIN allocated ON allocated.number = line.number AND allocated.sku = line.sku "
    "LEFT JOIN back ON back.order_id = orders.id AND back.sku = line.sku "
    "ORDER BY orders.id, line.line";

constexpr auto kOrders =
    "WITH ordered AS MATERIALIZED (SELECT number, sum(quantity)::bigint AS quantity, "
    "sum(returned)::bigint AS returned FROM order_lines GROUP BY number), "
    "held AS MATERIALIZED (SELECT number, sum(quantity)::bigint AS quantity, "
    "sum(posted)::bigint AS posted, sum(voided)::bigint AS voided FROM hold_lines "
    "GROUP BY number) "
    "SELECT orders.id, orders.state, orders.version, orders.execution_price, "
    "coalesce(holds.state, ''), coalesce(ordered.quantity, 0), coalesce(ordered.returned, 0), "
    "coalesce(held.quantity, 0), coalesce(held.posted, 0), coalesce(held.voided, 0) FROM orders "
    "LEFT JOIN holds ON holds.number = orders.number AND holds.id IS NULL "
    "LEFT JOIN ordered ON ordered.number = orders.number "
    "LEFT JOIN held ON held.number = holds.number "
    "ORDER BY orders.id";

constexpr auto kVersions =
    "SELECT key, version FROM (SELECT 'item/' || sku AS key, version FROM items "
    "UNION ALL SELECT 'location/' || code, version FROM locations "
    "UNION ALL SELECT 'record/' || srn, version FROM records "
    "UNION ALL SELECT 'dead_letter/' || command::text, version FROM dead_commands "
    "WHERE version > 0) AS versions "
    "ORDER BY key COLLATE \"C\"";

constexpr auto kStatistics =
    "WITH lines AS MATERIALIZED (SELECT number, sum(quantity) AS units FROM order_lines "
    "GROUP BY number), "
    "counted AS MATERIALIZED (SELECT created_at / 60000000 AS minute, "
    "count(*) FILTER (WHERE state <> 'rejected') AS processed, "
    "count(*) FILTER (WHERE state = 'rejected') AS rejected, "
    "sum(lines.units) FILTER (WHERE state <> 'rejected') AS units, "
    "sum(execution_price) FILTER (WHERE state <> 'rejected') AS price "
    "FROM orders LEFT JOIN lines ON lines.number = orders.number GROUP BY 1) "
    "SELECT minute, kept.processed IS NOT NULL, coalesce(kept.processed, 0), "
    "coalesce(kept.rejected, 0), coalesce(kept.units, 0)::text, "
    "coalesce(kept.execution_price, 0)::text, "
    "coalesce(sum(counted.processed) OVER upto, 0)::bigint, "
    "coalesce(sum(counted.rejected) OVER upto, 0)::bigint, "
    "coalesce(sum(counted.units) OVER upto, 0)::text, "
    "coalesce(sum(counted.price) OVER upto, 0)::text "
    "FROM order_statistics AS kept FULL JOIN counted USING (minute) "
    "WINDOW upto AS (ORDER BY minute) ORDER BY minute";

constexpr auto kEvents =
    "SELECT position, type, key, version, actor <> '', "
    "log.command IS NULL OR outcomes.command IS NOT NULL FROM log "
    "LEFT JOIN outcomes ON outcomes.command = log.command ORDER BY position";

/// One transaction, from its first statement to its end; its session never changes.
class PostgresAuditSource final : public ports::AuditSource {
  public:
    explicit PostgresAuditSource(std::unique_ptr<Connection> connection)
        : connection_(std::move(connection)), session_(connection_->session()) {}

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
        return read(kStatistics, [this, &visit](const Rows& row) {
            const auto kept = read_order_totals(*connection_, row, 2);
            const auto counted = read_order_totals(*connection_, row, 6);
            if (!kept || !counted) return;
            visit({.minute = row.integer(0),
                   .exists = row.integer(1) != 0,
                   .kept = *kept,
                   .counted = *counted});
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
        std::int64_t position = 0;
        auto done = read("SELECT position FROM log_head WHERE id = 1",
                         [&position](const Rows& row) { position = row.integer(0); });
        if (!done) return std::unexpected(std::move(done.error()));
        return position;
    }

  private:
    /// Of the rows there are never more than this many in memory.
    template <typename Visit>
    [[nodiscard]] Expected<void> read(const char* sql, const Visit& visit) {
        if (!connection_->is_open() || connection_->session() != session_)
            connection_->fail({ports::ErrorKind::retryable, "postgres: the snapshot is lost"});
        connection_->execute(std::string("DECLARE audited NO SCROLL CURSOR FOR ") + sql);
        Statement fetch(*connection_, "FETCH FORWARD 10000 FROM audited");
        for (bool more = true; more;) {
            Rows rows = fetch.query();
            more = rows.size() > 0;
            while (rows.next())
                visit(rows);
        }
        connection_->execute("CLOSE audited");
        return connection_->finish();
    }

    std::unique_ptr<Connection> connection_;
    const std::uint64_t session_;
};

}  // namespace

std::expected<std::unique_ptr<ports::AuditSource>, ports::Error> open_audit(
    const std::string& url) {
    auto connection = std::make_unique<Connection>(
        Target{.url = url, .application = "stockroom audit"}, Purpose::audit);
    // The first read fixes what all later ones see: the session's transactions are repeatable read.
    connection->execute("BEGIN");
    connection->execute("SELECT position FROM log_head");
    if (connection->failed()) return std::unexpected(connection->take_error());
    return std::make_unique<PostgresAuditSource>(std::move(connection));
}

}  // namespace stockroom::store_postgres
