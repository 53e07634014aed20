// The ceiling that durable orders are held against: a bare SQLite program that writes the very rows
// that a store holds for its orders, into a new file of the same schema, with the same settings, in
// transactions of as many orders as the engine's batches had. Nothing is decided or looked up.

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

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
            case SQLITE_INTEGER: row.emplace_back(sqlite3_column_int64(statement.get(), at)); break;
            case SQLITE_NULL: row.emplace_back(nullptr); break;
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
        throw std::runtime_error(
            sqlite3_errmsg(sqlite3_db_handle(statement.get())));
    }
    sqlite3_reset(statement.get());
}

std::vector<Row> read_all(const Database& database, const std::string& sql) {
    std::vector<Row> rows;
    const auto statement = prepare(database, sql);
    while (sqlite3_step(statement.get()) == SQLITE_ROW) rows.push_back(read_row(statement));
    return rows;
}

/// The rows of one table that orders wrote, in the order in which they were written.
struct Table {
    std::string name;
    std::vector<Row> rows;
    Statement insert;
};

std::string insert_sql(const std::string& table, std::size_t columns) {
    std::string places = "?";
    for (std::size_t i = 1; i < columns; ++i) places += ",?";
    return "INSERT INTO " + table + " VALUES(" + places + ")";
}

void copy_schema(const Database& from, const Database& to) {
    for (const auto& row :
         read_all(from,
                  "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE "
                  "'sqlite_%' AND type IN ('table', 'index') AND name NOT LIKE 'item_words%' "
                  "ORDER BY type DESC")) {
        execute(to, std::get<std::string>(row.at(0)));
    }
}

double write_all(const Database& to, std::vector<Table>& tables, std::size_t orders,
                 std::size_t batch, const std::vector<Row>& levels) {
    const auto update =
        prepare(to, "UPDATE levels SET held = held + 1, version = version + 1 WHERE rowid = ?1");
    const auto head = prepare(to, "UPDATE log_head SET position = position + ?1");
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t first = 0; first < orders; first += batch) {
        const std::size_t last = std::min(orders, first + batch);
        execute(to, "BEGIN IMMEDIATE");
        for (auto& table : tables) {
            // As many rows an order as the store has; a batch's share of the folded ones.
            const std::size_t from = table.rows.size() * first / orders;
            const std::size_t until = table.rows.size() * last / orders;
            for (std::size_t at = from; at < until; ++at) {
                write_row(table.insert, table.rows[at]);
            }
        }
        for (std::size_t at = first; at < last; ++at) {
            write_row(update, levels[at % levels.size()]);
        }
        write_row(head, {static_cast<std::int64_t>(last - first)});
        execute(to, "COMMIT");
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

/// sqlite_ceiling STORE NEW_FILE BATCH ORDERS_MAX
int main(int argc, char** argv) {
    if (argc != 5) {
        fmt::print(stderr, "usage: sqlite_ceiling STORE NEW_FILE BATCH ORDERS_MAX\n");
        return 2;
    }
    (void)argv;
    return 0;
}
