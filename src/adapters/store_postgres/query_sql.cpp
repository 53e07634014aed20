#include "query_sql.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace stockroom::store_postgres {

namespace {

/// As read_item expects them.
constexpr std::string_view kItemColumns =
    "sku, name, label, price, reorder_point, retired, version, created_at, updated_at";
/// As read_order expects them.
constexpr std::string_view kOrderColumns =
    "found.number, found.id, found.customer, found.state, found.execution_price, "
    "found.reference, found.actor, found.version, found.created_at, found.updated_at, "
    "found.cancel_reason";

/// Items, with the sum of their levels, of those in `from` (a table or a list of it).
constexpr std::string_view kWithStock =
    "SELECT {0}, stock.on_hand, stock.held FROM {1} AS found, "
    "LATERAL (SELECT coalesce(sum(on_hand), 0)::bigint AS on_hand, "
    "coalesce(sum(held), 0)::bigint AS held FROM levels WHERE levels.sku = found.sku) AS stock";

std::string with_stock(std::string_view from) {
    return fmt::format(fmt::runtime(kWithStock), kItemColumns, from);
}

/// A page of the items that this gives.
std::string items_page(std::string_view examined, std::string_view order = "sku") {
    return fmt::format(
        "WITH examined AS MATERIALIZED ({} ORDER BY {} LIMIT 20000) "
        "({} WHERE NOT $2 OR stock.on_hand - stock.held <= reorder_point LIMIT $3) UNION ALL "
        "SELECT max(sku), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL "
        "FROM examined HAVING count(*) = 20000 LIMIT $3",
        examined, order, with_stock("examined"));
}

/// An order with its lines and its hold, of those in `from`.
std::string with_lines(std::string_view from) {
    return fmt::format(
        "SELECT {}, "
        "(SELECT string_agg(concat_ws(E'\\t', sku, quantity, unit_price, returned), E'\\n' "
        "ORDER BY line) FROM order_lines WHERE order_lines.number = found.number), "
        "holds.number, holds.id, found.id, holds.state, holds.expires_at, holds.version, "
        "(SELECT string_agg(concat_ws(E'\\t', sku, location, quantity, posted, voided), E'\\n' "
        "ORDER BY line) FROM hold_lines WHERE hold_lines.number = holds.number) "
        "FROM {} AS found LEFT JOIN holds ON holds.number = found.number AND holds.id IS NULL",
        kOrderColumns, from);
}

/// A page of the orders that this gives. Numbers grow with the time of creation, but for what was
/// under way at the same time: no transaction is open for a minute.
std::string orders_page(std::string_view examined) {
    return fmt::format(
        "WITH examined AS MATERIALIZED ({} ORDER BY number DESC LIMIT 20000) "
        "({} WHERE ($2 = '' OR found.state = $2) AND found.created_at >= $3 LIMIT $4) UNION ALL "
        "SELECT min(number), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
        "NULL, NULL, NULL, NULL, NULL, NULL, NULL "
        "FROM examined HAVING count(*) = 20000 AND min(created_at) >= $3 - 60000000 LIMIT $4",
        examined, with_lines("examined"));
}

}  // namespace

const char* item_sql() {
    static const std::string sql = with_stock("items") + " WHERE sku = $1 AND NOT retired";
    return sql.c_str();
}

const char* items_sql() {
    static const std::string sql = items_page(
        fmt::format("SELECT {} FROM items WHERE sku > $1 AND NOT retired", kItemColumns));
    return sql.c_str();
}

const char* items_by_label_sql() {
    static const std::string sql = items_page(fmt::format(
        "SELECT {} FROM items WHERE sku > $1 AND label = $4 AND label <> '' AND NOT retired",
        kItemColumns));
    return sql.c_str();
}

const char* items_by_prefix_sql() {
    // SKUs are printable ASCII, so chr(127) comes after whatever may follow the prefix. No quote is
    // left in plain_words. What is found is few and is sorted: without `|| ''` PostgreSQL may go
    // through all items, to have them by SKU.
    static const std::string sql = items_page(
        fmt::format(
            "SELECT * FROM ("
            "SELECT {0} FROM items WHERE lower(sku) >= lower($5 COLLATE \"C\") "
            "AND lower(sku) < lower($5 COLLATE \"C\") || chr(127) "
            "AND ($1 = '' OR sku > $1) AND ($4 = '' OR label = $4) AND NOT retired "
            "UNION ALL "
            "SELECT {0} FROM items WHERE words @@ to_tsquery('simple', "
            "'''' || replace(nullif(btrim(plain_words($5)), ''), ' ', ''' <-> ''') || ''':*') "
            "AND NOT starts_with(lower(sku), lower($5 COLLATE \"C\")) "
            "AND ($1 = '' OR sku > $1) AND ($4 = '' OR label = $4) AND NOT retired) AS found",
            kItemColumns),
        "sku || ''");
    return sql.c_str();
}

const char* open_holds_sql() {
    return "SELECT holds.number, holds.id, orders.id, holds.state, holds.expires_at, "
           "holds.version, "
           "(SELECT string_agg(concat_ws(E'\\t', sku, location, quantity, posted, voided), E'\\n' "
           "ORDER BY line) FROM hold_lines WHERE hold_lines.number = open.number AND sku = $1) "
           "FROM (SELECT DISTINCT number FROM hold_lines "
           "WHERE sku = $1 AND quantity > posted + voided) AS open "
           "JOIN holds ON holds.number = open.number "
           "LEFT JOIN orders ON orders.number = holds.number AND holds.id IS NULL "
           "WHERE holds.state IN ('pending', 'committed') ORDER BY open.number LIMIT $2";
}

const char* order_sql() {
    static const std::string sql = with_lines("orders") + " WHERE found.id = $1";
    return sql.c_str();
}

const char* orders_sql() {
    static const std::string sql = orders_page("SELECT * FROM orders WHERE number < $1");
    return sql.c_str();
}

const char* orders_by_customer_sql() {
    static const std::string sql =
        orders_page("SELECT * FROM orders WHERE number < $1 AND customer = $5 AND customer <> ''");
    return sql.c_str();
}

const char* order_statistics_sql() {
    return "WITH span AS MATERIALIZED (SELECT coalesce($1, (greatest(at, "
           "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint) - $3) / 60000000) AS since "
           "FROM log_head WHERE log_head.id = 1) "
           "SELECT span.since, "
           "coalesce(upto.processed, 0), coalesce(upto.rejected, 0), "
           "coalesce(upto.units, 0)::text, coalesce(upto.execution_price, 0)::text, "
           "coalesce(before.processed, 0), coalesce(before.rejected, 0), "
           "coalesce(before.units, 0)::text, coalesce(before.execution_price, 0)::text FROM span "
           "LEFT JOIN LATERAL (SELECT * FROM order_statistics "
           "WHERE minute < greatest(coalesce($2, 9223372036854775807), span.since) "
           "ORDER BY minute DESC LIMIT 1) AS upto ON true "
           "LEFT JOIN LATERAL (SELECT * FROM order_statistics WHERE minute < span.since "
           "ORDER BY minute DESC LIMIT 1) AS before ON true";
}

const char* due_orders_sql() {
    return "SELECT orders.id, holds.expires_at FROM holds "
           "JOIN orders ON orders.number = holds.number "
           "WHERE holds.state = 'pending' AND holds.id IS NULL AND holds.expires_at <= "
           "(SELECT greatest(at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) "
           "FROM log_head WHERE log_head.id = 1) "
           "ORDER BY holds.expires_at, holds.number LIMIT $1";
}

}  // namespace stockroom::store_postgres
