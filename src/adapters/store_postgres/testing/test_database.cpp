#include "test_database.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <fmt/format.h>
#include <unistd.h>

#include "stockroom/store_postgres/postgres.hpp"

#include "connection.hpp"

namespace stockroom::store_postgres {

namespace {

/// The same server and user, another database.
std::string with_database(const std::string& url, const std::string& name) {
    const auto host = url.find("://") + 3;
    const auto query = std::min(url.find('?'), url.size());
    const auto path = std::min(url.find('/', host), query);
    return url.substr(0, path) + '/' + name + url.substr(query);
}

[[noreturn]] void give_up(const ports::Error& error) {
    throw std::runtime_error(error.detail);
}

void execute_at(const std::string& url, const std::string& sql) {
    Connection connection({.url = url, .application = "test"}, Purpose::migrate);
    connection.execute(sql);
    if (connection.failed()) give_up(connection.take_error());
}

std::string server_url() {
    auto url = test_server_url();
    if (!url) throw std::runtime_error(kNoTestServer);
    return *std::move(url);
}

}  // namespace

std::optional<std::string> test_server_url() {
    const char* url = std::getenv("STOCKROOM_TEST_POSTGRES_URL");
    if (url == nullptr) return std::nullopt;
    return url;
}

TestDatabase::TestDatabase() {
    static std::atomic<int> made = 0;
    name_ = fmt::format("stockroom_test_{}_{}", getpid(), ++made);
    url_ = with_database(server_url(), name_);
    // A process that had this id before may have died in a test.
    execute_at(server_url(), fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_));
    execute_at(server_url(), fmt::format("CREATE DATABASE {} ENCODING 'UTF8'", name_));
    if (const auto migrated = migrate(url_); !migrated) give_up(migrated.error());
}

TestDatabase::~TestDatabase() {
    try {
        execute_at(server_url(), fmt::format("DROP DATABASE {} WITH (FORCE)", name_));
    } catch (const std::runtime_error& error) {
        fmt::print(stderr, "database {} is left over: {}\n", name_, error.what());
    }
}

std::string TestDatabase::url_as(const std::string& role) const {
    const char* separator = url_.contains('?') ? "&" : "?";
    return fmt::format("{}{}options=-crole%3D{}", url_, separator, role);
}

void TestDatabase::execute(const std::string& sql) const {
    execute_at(url_, sql);
}

std::int64_t TestDatabase::integer(const char* sql) const {
    Connection connection({.url = url_, .application = "test"}, Purpose::migrate);
    Statement statement(connection, sql);
    Rows rows = statement.query();
    const auto value = rows.next() ? rows.integer(0) : 0;
    if (connection.failed()) give_up(connection.take_error());
    return value;
}

std::int64_t TestDatabase::end_sessions(const std::string& application) const {
    const auto sql = fmt::format(
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = '{}'",
        application);
    return integer(sql.c_str());
}

}  // namespace stockroom::store_postgres
