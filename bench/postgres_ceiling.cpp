// PostgreSQL's ceiling for durable orders: a bare program that writes the very rows that a store
// holds for its orders into a second schema of the same tables, indexes and constraints, in
// transactions of as many orders as the engine's batches had, each transaction one pipeline of set
// operations and one round trip. Nothing is decided, locked or looked up.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libpq-fe.h>

namespace {

struct CloseConnection {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, CloseConnection>;
using Result = std::unique_ptr<PGresult, ClearResult>;

[[noreturn]] void fail(const Connection& connection, const std::string& what) {
    throw std::runtime_error(what + ": " + PQerrorMessage(connection.get()));
}

Connection connect(const char* url) {
    Connection connection(PQconnectdb(url));
    if (PQstatus(connection.get()) != CONNECTION_OK) fail(connection, "cannot connect");
    return connection;
}

Result run(const Connection& connection, const std::string& sql) {
    Result result(PQexec(connection.get(), sql.c_str()));
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(connection, sql);
    return result;
}

/// A table that orders write, and which of its rows they wrote, in the order of writing.
struct Source {
    const char* table;
    const char* rest;
};
constexpr std::array<Source, 6> kWrittenByOrders{{
    {"orders", "ORDER BY number"},
    {"order_lines", "ORDER BY number, line"},
    {"holds", "ORDER BY number"},
    {"hold_lines", "ORDER BY number, line"},
    {"outcomes", "WHERE kind = 'place_order' ORDER BY at, command"},
    {"log", "WHERE type IN ('order.reserved', 'level.changed') ORDER BY position"},
}};

struct Table {
    std::string name;
    std::vector<std::string> columns;
    std::vector<std::string> types;
    std::vector<std::vector<std::string>> rows;  // as array elements, quoted

    [[nodiscard]] std::string insert() const {
        std::vector<std::string> places;
        for (std::size_t i = 0; i < types.size(); ++i)
            places.push_back(fmt::format("${}::{}[]", i + 1, types[i]));
        return fmt::format("INSERT INTO ceiling.{} ({}) SELECT * FROM unnest({})", name,
                           fmt::join(columns, ", "), fmt::join(places, ", "));
    }
};

std::string quoted(const char* text) {
    std::string element = "\"";
    for (; *text != '\0'; ++text) {
        if (*text == '"' || *text == '\\') element += '\\';
        element += *text;
    }
    return element + '"';
}

Table read_table(const Connection& connection, const Source& source, std::size_t rows_max) {
    Table table{.name = source.table, .columns = {}, .types = {}, .rows = {}};
    const auto columns = run(
        connection, fmt::format("SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
                                "WHERE attrelid = 'stockroom.{}'::regclass AND attnum > 0 AND NOT "
                                "attisdropped ORDER BY attnum",
                                source.table));
    for (int row = 0; row < PQntuples(columns.get()); ++row) {
        table.columns.emplace_back(PQgetvalue(columns.get(), row, 0));
        table.types.emplace_back(PQgetvalue(columns.get(), row, 1));
    }
    const auto rows = run(connection, fmt::format("SELECT {} FROM stockroom.{} {} LIMIT {}",
                                                  fmt::join(table.columns, ", "), source.table,
                                                  source.rest, rows_max));
    for (int row = 0; row < PQntuples(rows.get()); ++row) {
        auto& elements = table.rows.emplace_back();
        for (int column = 0; column < PQnfields(rows.get()); ++column) {
            const bool null = PQgetisnull(rows.get(), row, column) != 0;
            elements.push_back(null ? "NULL" : quoted(PQgetvalue(rows.get(), row, column)));
        }
    }
    if (table.rows.empty()) throw std::runtime_error(table.name + " has no rows");
    return table;
}

/// Whole orders only: of what `orders` has, every table has its share.
std::vector<Table> read_tables(const Connection& connection, std::size_t orders_max) {
    std::vector<Table> tables;
    for (const auto& source : kWrittenByOrders)
        tables.push_back(read_table(connection, source, 2 * orders_max));
    const double kept = std::min(
        1.0, static_cast<double>(orders_max) / static_cast<double>(tables.front().rows.size()));
    for (auto& table : tables)
        table.rows.resize(static_cast<std::size_t>(kept * static_cast<double>(table.rows.size())));
    return tables;
}

void make_schema(const Connection& connection) {
    run(connection, "SET client_min_messages = warning; DROP SCHEMA IF EXISTS ceiling CASCADE");
    run(connection, "CREATE SCHEMA ceiling");
    for (const char* table : {"orders", "order_lines", "holds", "hold_lines", "outcomes", "log",
                              "levels", "log_head"}) {
        run(connection,
            fmt::format("CREATE TABLE ceiling.{0} (LIKE stockroom.{0} INCLUDING ALL)", table));
        // What LIKE does not take over: room for updates in place.
        const auto options = run(
            connection, fmt::format("SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE "
                                    "oid = 'stockroom.{}'::regclass AND reloptions IS NOT NULL",
                                    table));
        if (PQntuples(options.get()) > 0)
            run(connection, fmt::format("ALTER TABLE ceiling.{} SET ({})", table,
                                        PQgetvalue(options.get(), 0, 0)));
    }
    run(connection, "INSERT INTO ceiling.levels SELECT * FROM stockroom.levels");
    run(connection, "INSERT INTO ceiling.log_head SELECT * FROM stockroom.log_head");
    run(connection, "CHECKPOINT");
}

/// One column of some rows, as an array.
std::string array_of(const Table& table, std::size_t column, std::size_t first, std::size_t last) {
    std::string array = "{";
    for (std::size_t row = first; row < last; ++row) {
        if (row > first) array += ',';
        array += table.rows[row][column];
    }
    return array + '}';
}

struct Written {
    std::size_t orders = 0;
    double seconds = 0;
};

class Writer {
  public:
    Writer(const Connection& connection, const std::vector<Table>& tables)
        : connection_(connection), tables_(tables) {
        for (const auto& table : tables)
            prepare(table.name, table.insert());
        prepare("level",
                "UPDATE ceiling.levels SET held = held + taken, version = version + 1 FROM (SELECT "
                "sku AS taken_sku, count(*) AS taken FROM unnest($1::text[]) AS sku GROUP BY sku) "
                "AS wanted WHERE sku = taken_sku AND location = 'main'");
        prepare("head", "UPDATE ceiling.log_head SET position = position + $1::bigint");
        prepare("begin", "BEGIN");
        prepare("commit", "COMMIT");
        if (PQenterPipelineMode(connection.get()) != 1) fail(connection, "no pipeline");
    }

    Written write(std::size_t batch, double seconds_max) {
        const std::size_t orders = tables_.front().rows.size();
        Written written;
        const auto start = std::chrono::steady_clock::now();
        while (written.orders < orders && written.seconds < seconds_max) {
            const std::size_t last = std::min(orders, written.orders + batch);
            write_batch(written.orders, last);
            written.orders = last;
            written.seconds =
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        }
        return written;
    }

  private:
    void prepare(const std::string& name, const std::string& sql) {
        const Result result(PQprepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr));
        if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) fail(connection_, sql);
    }

    void send(const std::string& name, const std::vector<std::string>& parameters) {
        std::vector<const char*> values;
        for (const auto& parameter : parameters)
            values.push_back(parameter.c_str());
        if (PQsendQueryPrepared(connection_.get(), name.c_str(), static_cast<int>(values.size()),
                                values.data(), nullptr, nullptr, 0) != 1)
            fail(connection_, name);
    }

    void write_batch(std::size_t first, std::size_t last) {
        const std::size_t orders = tables_.front().rows.size();
        send("begin", {});
        for (const auto& table : tables_) {
            const std::size_t from = table.rows.size() * first / orders;
            const std::size_t until = table.rows.size() * last / orders;
            if (from == until) continue;
            std::vector<std::string> arrays;
            for (std::size_t column = 0; column < table.columns.size(); ++column)
                arrays.push_back(array_of(table, column, from, until));
            send(table.name, arrays);
        }
        const auto& lines = tables_.at(1);
        const auto sku = std::ranges::find(lines.columns, "sku") - lines.columns.begin();
        send("level",
             {array_of(lines, static_cast<std::size_t>(sku), lines.rows.size() * first / orders,
                       lines.rows.size() * last / orders)});
        send("head", {std::to_string(last - first)});
        send("commit", {});
        if (PQpipelineSync(connection_.get()) != 1) fail(connection_, "no sync");
        receive();
    }

    void receive() {
        while (true) {
            const Result result(PQgetResult(connection_.get()));
            if (result == nullptr) continue;  // the end of one statement's results
            const auto status = PQresultStatus(result.get());
            if (status == PGRES_PIPELINE_SYNC) return;
            if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
                throw std::runtime_error(PQresultErrorMessage(result.get()));
        }
    }

    const Connection& connection_;
    const std::vector<Table>& tables_;
};

}  // namespace

/// postgres_ceiling URL BATCH ORDERS_MAX SECONDS_MAX: as a superuser; leaves
/// a schema `ceiling` behind.
int main(int argc, char** argv) {
    if (argc != 5) {
        fmt::print(stderr, "usage: postgres_ceiling URL BATCH ORDERS_MAX SECONDS_MAX\n");
        return 2;
    }
    try {
        const auto connection = connect(argv[1]);
        make_schema(connection);
        const auto tables = read_tables(connection, std::strtoul(argv[3], nullptr, 10));
        Writer writer(connection, tables);
        const auto written =
            writer.write(std::strtoul(argv[2], nullptr, 10), std::strtod(argv[4], nullptr));
        fmt::print("{{\"orders\":{},\"seconds\":{:.3f},\"per_second\":{:.1f}}}\n", written.orders,
                   written.seconds, static_cast<double>(written.orders) / written.seconds);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "postgres_ceiling: {}\n", error.what());
        return 1;
    }
}
