#include "schema.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "stockroom/store_postgres/postgres.hpp"

#include "migrations.hpp"

namespace stockroom::store_postgres {

namespace {

/// "Stkr": of the database's advisory locks this is ours for migrations.
constexpr auto kLock = "SELECT pg_advisory_xact_lock(x'53746b72'::bigint)";

std::int64_t newest() {
    return static_cast<std::int64_t>(migrations().size());
}

std::int64_t read_integer(Connection& connection, const char* sql) {
    Statement statement(connection, sql);
    Rows rows = statement.query();
    return rows.next() ? rows.integer(0) : 0;
}

struct SchemaVersion {
    std::int64_t version = 0;  // 0: there is no store
    std::int64_t oldest = 0;   // the oldest one whose programs work with it
};

SchemaVersion read_version(Connection& connection) {
    if (read_integer(connection, "SELECT to_regclass('stockroom.schema_version') IS NOT NULL") == 0)
        return {};
    Statement statement(connection,
                        "SELECT version, oldest FROM stockroom.schema_version "
                        "ORDER BY version DESC LIMIT 1");
    Rows rows = statement.query();
    if (!rows.next()) return {};
    return {.version = rows.integer(0), .oldest = rows.integer(1)};
}

void refuse(Connection& connection, std::string why) {
    connection.fail({ports::ErrorKind::permanent, "postgres: " + std::move(why)});
}

void refuse_newer(Connection& connection, std::int64_t version) {
    refuse(connection, fmt::format("the store has schema version {}, made by a newer Stockroom; "
                                   "this one knows up to {}: run that newer one",
                                   version, newest()));
}

const char* rights_for(Purpose purpose) {
    switch (purpose) {
        case Purpose::decide:
            return rights_to_decide();
        case Purpose::relay:
            return rights_to_relay();
        case Purpose::read:
        case Purpose::audit:
        case Purpose::migrate:
            return rights_to_read();
    }
    return "";
}

const char* role_for(Purpose purpose) {
    switch (purpose) {
        case Purpose::decide:
            return "stockroom_service";
        case Purpose::relay:
            return "stockroom_relay";
        case Purpose::read:
        case Purpose::audit:
        case Purpose::migrate:
            return "stockroom_reader (of a service that decides: stockroom_service)";
    }
    return "";
}

/// Reads the catalogue alone, which anyone may. Of columns, the right to one of them will do.
void require_rights(Connection& connection, Purpose purpose) {
    Statement statement(
        connection,
        fmt::format("SELECT current_user::text, CASE WHEN has_schema_privilege(pg_namespace.oid, "
                    "'USAGE') THEN needed.right_to || ' on ' || name "
                    "ELSE 'USAGE on schema stockroom' END "
                    "FROM (VALUES {}) AS needed (right_to, name), pg_namespace "
                    "JOIN pg_class ON relnamespace = pg_namespace.oid "
                    "WHERE nspname = 'stockroom' AND relname = name AND NOT ("
                    "has_schema_privilege(pg_namespace.oid, 'USAGE') AND "
                    "CASE WHEN needed.right_to = 'USAGE' "
                    "THEN has_sequence_privilege(pg_class.oid, 'USAGE') "
                    "ELSE has_any_column_privilege(pg_class.oid, needed.right_to) END) LIMIT 1",
                    rights_for(purpose)));
    Rows rows = statement.query();
    if (!rows.next()) return;
    connection.fail({ports::ErrorKind::retryable,
                     fmt::format("postgres: permission denied: the user {} has no {}: grant it the "
                                 "role {}",
                                 rows.text(0), rows.text(1), role_for(purpose))});
}

void check_encoding(Connection& connection) {
    Statement statement(connection, "SELECT current_setting('server_encoding')");
    Rows rows = statement.query();
    if (rows.next() && rows.text(0) != "UTF8")
        refuse(connection,
               fmt::format("the database's encoding is {}, and must be UTF8", rows.text(0)));
}

std::vector<std::string> missing_roles(Connection& connection) {
    std::vector<std::string> missing;
    Statement statement(connection,
                        "SELECT name FROM unnest(ARRAY['stockroom_service', 'stockroom_reader', "
                        "'stockroom_relay']) AS name "
                        "WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)");
    for (Rows rows = statement.query(); rows.next();)
        missing.push_back(rows.string(0));
    return missing;
}

/// Roles belong to all databases of a server, so another database's migration may be quicker.
void make_roles(Connection& connection) {
    const auto missing = missing_roles(connection);
    if (missing.empty()) return;
    if (read_integer(connection,
                     "SELECT rolsuper OR rolcreaterole FROM pg_roles "
                     "WHERE rolname = current_user") == 0) {
        std::string sql;
        for (const auto& role : missing)
            sql += fmt::format(" CREATE ROLE {} NOLOGIN;", role);
        return refuse(connection, fmt::format("this user may not make roles. Let a superuser run "
                                              "this, then migrate again:{}",
                                              sql));
    }
    for (const auto& role : missing)
        connection.execute(
            fmt::format("DO $$ BEGIN CREATE ROLE {} NOLOGIN; "
                        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
                        role));
}

void apply(Connection& connection, std::int64_t version) {
    const auto& migration = migrations()[static_cast<std::size_t>(version - 1)];
    // Services that wait behind a change of a table must not wait for long.
    connection.execute("SET LOCAL lock_timeout = '5s'");
    connection.execute(migration.sql);
    connection.execute(fmt::format("INSERT INTO schema_version (version, oldest) VALUES ({}, {})",
                                   version, migration.oldest));
}

/// One step in a transaction of its own, rights at the end of the last one. The version before.
std::int64_t migrate_once(Connection& connection) {
    connection.execute("BEGIN");
    connection.execute(kLock);
    const auto [version, oldest] = read_version(connection);
    if (version > newest()) refuse_newer(connection, version);
    if (version == 0) {
        connection.execute("CREATE SCHEMA IF NOT EXISTS stockroom");
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version (version bigint PRIMARY KEY, "
            "oldest bigint NOT NULL, at timestamptz NOT NULL DEFAULT now())");
    }
    make_roles(connection);
    if (version < newest()) apply(connection, version + 1);
    if (version + 1 >= newest()) connection.execute(grants());
    connection.execute("COMMIT");
    return version;
}

}  // namespace

void require_schema(Connection& connection, Purpose purpose) {
    require_rights(connection, purpose);
    const auto [version, oldest] = read_version(connection);
    if (connection.failed()) return;
    if (version == 0)
        refuse(connection, "there is no store in this database: run stockroom migrate");
    else if (version < newest())
        refuse(connection, fmt::format("the store has schema version {}, not {}: run stockroom "
                                       "migrate",
                                       version, newest()));
    else if (oldest > newest())
        refuse_newer(connection, version);
}

std::expected<Migrated, ports::Error> migrate(const std::string& url) {
    Connection connection({.url = url, .application = "stockroom migrate"}, Purpose::migrate);
    check_encoding(connection);
    std::optional<Migrated> migrated;
    while (!connection.failed() && (!migrated || migrated->to < newest())) {
        const auto before = migrate_once(connection);
        if (!migrated) migrated = Migrated{.from = static_cast<int>(before)};
        migrated->to = static_cast<int>(std::min(before + 1, newest()));
    }
    if (connection.failed()) {
        auto error = connection.take_error();
        // insufficient_privilege
        if (error.detail.find("(42501)") != std::string::npos)
            error.detail += ": run it as the owner of the database";
        return std::unexpected(std::move(error));
    }
    return *migrated;
}

}  // namespace stockroom::store_postgres
