#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace stockroom::store_postgres {

/// The server that tests may use, from STOCKROOM_TEST_POSTGRES_URL; empty: there is none, and tests
/// fail, saying so with this.
[[nodiscard]] std::optional<std::string> test_server_url();
inline constexpr auto kNoTestServer =
    "STOCKROOM_TEST_POSTGRES_URL is not set: no PostgreSQL to test on";

/// A database of its own in the tests' server, with a store in it; dropped with this object,
/// whoever is still connected.
/// REQUIRES: a server. Throws what goes wrong.
class TestDatabase {
  public:
    TestDatabase();
    ~TestDatabase();
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    /// Of a superuser.
    [[nodiscard]] const std::string& url() const { return url_; }
    /// Of a session in which only what this role may do can be done.
    [[nodiscard]] std::string url_as(const std::string& role) const;

    /// Runs SQL as the superuser.
    void execute(const std::string& sql) const;
    /// What a query gives in its first row: an integer.
    [[nodiscard]] std::int64_t integer(const char* sql) const;
    /// Ends the sessions of this application_name, as an operator or a restart would. How many.
    std::int64_t end_sessions(const std::string& application) const;

  private:
    std::string name_;
    std::string url_;
};

}  // namespace stockroom::store_postgres
