// The ceiling that durable orders are held against: a bare SQLite program that writes the very rows
// that a store holds for its orders, into a new file of the same schema, with the same settings, in
// transactions of as many orders as the engine's batches had. Nothing is decided or looked up.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <sqlite3.h>

namespace {

using Value = std::variant<std::nullptr_t, std::int64_t, std::string, std::vector<std::uint8_t>>;
using Row = std::vector<Value>;

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinishStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinishStatement>;

Database open(const std::string& path) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open(path.c_str(), &raw);
    Database database(raw);
    if (code != SQLITE_OK) throw std::runtime_error(path + ": " + sqlite3_errmsg(raw));
    return database;
}

void execute(const Database& database, const std::string& sql) {
    if (sqlite3_exec(database.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw std::runtime_error(sql + ": " + sqlite3_errmsg(database.get()));
    }
}

Statement prepare(const Database& database, const std::string& sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) {
        throw std::runtime_error(sql + ": " + sqlite3_errmsg(database.get()));
    }
    return Statement(raw);
}

Row read_row(const Statement& statement) {
    Row row;
    for (int at = 0; at < sqlite3_column_count(statement.get()); ++at) {
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), at));
        switch (sqlite3_column_type(statement.get(), at)) {
            case SQLITE_INTEGER:
                row.emplace_back(sqlite3_column_int64(statement.get(), at));
                break;
            case SQLITE_NULL:
                row.emplace_back(nullptr);
                break;
            case SQLITE_BLOB: {
                const auto* bytes =
                    static_cast<const std::uint8_t*>(sqlite3_column_blob(statement.get(), at));
                row.emplace_back(std::vector<std::uint8_t>(bytes, bytes + size));
                break;
            }
            default:
                row.emplace_back(std::string(
                    static_cast<const char*>(sqlite3_column_blob(statement.get(), at)), size));
        }
    }
    return row;
}

void write_row(const Statement& statement, const Row& row) {
    int at = 0;
    for (const auto& value : row) {
        ++at;
        if (const auto* number = std::get_if<std::int64_t>(&value)) {
            sqlite3_bind_int64(statement.get(), at, *number);
        } else if (const auto* text = std::get_if<std::string>(&value)) {
            sqlite3_bind_text(statement.get(), at, text->data(), static_cast<int>(text->size()),
                              SQLITE_STATIC);
        } else if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&value)) {
            sqlite3_bind_blob(statement.get(), at, bytes->data(), static_cast<int>(bytes->size()),
                              SQLITE_STATIC);
        } else {
            sqlite3_bind_null(statement.get(), at);
        }
    }
    if (sqlite3_step(statement.get()) != SQLITE_DONE) {
        throw std::runtime_error(sqlite3_errmsg(sqlite3_db_handle(statement.get())));
    }
    sqlite3_reset(statement.get());
}

std::vector<Row> read_all(const Database& database, const std::string& sql) {
    std::vector<Row> rows;
    const auto statement = prepare(database, sql);
    while (sqlite3_step(statement.get()) == SQLITE_ROW)
        rows.push_back(read_row(statement));
    return rows;
}

/// The rows of one table that orders wrote, in the order in which they were written.
struct Table {
    std::string name;
    std::vector<Row> rows;
    Statement insert;
};

/// Which rows those are, and their order.
struct Source {
    const char* table;
    const char* rest;
};
constexpr std::array<Source, 6> kWrittenByOrders{{
    {"orders", "ORDER BY number"},
    {"order_lines", "ORDER BY number, line"},
    {"holds", "ORDER BY number"},
    {"hold_lines", "ORDER BY number, line"},
    {"outcomes", "WHERE kind = 'place_order' ORDER BY rowid"},
    {"log", "WHERE type IN ('order.reserved', 'level.changed') ORDER BY position"},
}};

std::string insert_sql(const std::string& table, std::size_t columns) {
    std::string places = "?";
    for (std::size_t i = 1; i < columns; ++i)
        places += ",?";
    return "INSERT INTO main." + table + " VALUES(" + places + ")";
}

/// A new file with the store's tables, indexes and triggers, its items and levels, and its
/// settings.
void copy_schema(const Database& database) {
    execute(database, "PRAGMA main.journal_mode = WAL");
    execute(database, "PRAGMA main.synchronous = FULL");
    for (const auto& row :
         read_all(database,
                  "SELECT sql FROM source.sqlite_schema WHERE sql IS NOT NULL AND "
                  "name NOT LIKE 'item_words%' ORDER BY type = 'table' DESC")) {
        execute(database, std::get<std::string>(row.at(0)));
    }
    for (const std::string table : {"log_head", "locations", "items", "levels"}) {
        execute(database, "INSERT INTO main." + table + " SELECT * FROM source." + table);
    }
}

std::vector<Table> read_tables(const Database& database, std::size_t orders_max) {
    std::vector<Table> tables;
    for (const auto& source : kWrittenByOrders) {
        // At most two lines of the log an order: the order's and its level's.
        auto rows = read_all(database, fmt::format("SELECT * FROM source.{} {} LIMIT {}",
                                                   source.table, source.rest, 2 * orders_max));
        if (rows.empty()) throw std::runtime_error(std::string(source.table) + " has no rows");
        auto insert = prepare(database, insert_sql(source.table, rows.front().size()));
        tables.push_back({source.table, std::move(rows), std::move(insert)});
    }
    // Only whole orders: what the table of orders has, every table has its share of.
    const double kept = std::min(
        1.0, static_cast<double>(orders_max) / static_cast<double>(tables.front().rows.size()));
    for (auto& table : tables) {
        table.rows.resize(static_cast<std::size_t>(kept * static_cast<double>(table.rows.size())));
    }
    return tables;
}

struct Written {
    std::size_t orders = 0;
    double seconds = 0;
};

Written write_all(const Database& database, std::vector<Table>& tables, std::size_t batch,
                  double seconds_max) {
    const auto level = prepare(database,
                               "UPDATE main.levels SET held = held + 1, version = version + 1 "
                               "WHERE sku = ?1 AND location = 'main'");
    const auto head = prepare(database, "UPDATE main.log_head SET position = position + ?1");
    const auto begin = prepare(database, "BEGIN IMMEDIATE");
    const auto commit = prepare(database, "COMMIT");
    constexpr std::size_t kSkuColumn = 2;  // of order_lines
    const auto& lines = tables.at(1).rows;
    const std::size_t orders = tables.front().rows.size();

    Written written;
    const auto start = std::chrono::steady_clock::now();
    while (written.orders < orders && written.seconds < seconds_max) {
        const std::size_t first = written.orders;
        const std::size_t last = std::min(orders, first + batch);
        write_row(begin, {});
        for (auto& table : tables) {
            const std::size_t until = table.rows.size() * last / orders;
            for (std::size_t at = table.rows.size() * first / orders; at < until; ++at) {
                write_row(table.insert, table.rows[at]);
            }
        }
        for (std::size_t at = first; at < last; ++at) {
            write_row(level, {lines[at % lines.size()].at(kSkuColumn)});
        }
        write_row(head, {static_cast<std::int64_t>(last - first)});
        write_row(commit, {});
        written.orders = last;
        written.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    return written;
}

}  // namespace

/// sqlite_ceiling STORE NEW_FILE BATCH ORDERS_MAX SECONDS_MAX
int main(int argc, char** argv) {
    if (argc != 6) {
        fmt::print(stderr, "usage: sqlite_ceiling STORE NEW_FILE BATCH ORDERS_MAX SECONDS_MAX\n");
        return 2;
    }
    try {
        const auto database = open(argv[2]);
        write_row(prepare(database, "ATTACH ?1 AS source"), {std::string(argv[1])});
        copy_schema(database);
        auto tables = read_tables(database, std::strtoul(argv[4], nullptr, 10));
        const auto written = write_all(database, tables, std::strtoul(argv[3], nullptr, 10),
                                       std::strtod(argv[5], nullptr));
        fmt::print("{{\"orders\":{},\"seconds\":{:.3f},\"per_second\":{:.1f}}}\n", written.orders,
                   written.seconds, static_cast<double>(written.orders) / written.seconds);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "sqlite_ceiling: {}\n", error.what());
        return 1;
    }
}
