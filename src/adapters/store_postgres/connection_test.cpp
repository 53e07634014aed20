#include "connection.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "proxy.hpp"
#include "session.hpp"
#include "test_database.hpp"

namespace stockroom::store_postgres {

namespace {

using std::string_literals::operator""s;

constexpr auto kOne = "SELECT $1 + 1";
constexpr auto kDivide = "SELECT 10 / $1";

class ConnectionTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!test_server_url()) GTEST_FAIL() << kNoTestServer;
        database_.emplace();
    }
    [[nodiscard]] TestDatabase& database() { return *database_; }
    [[nodiscard]] Target target() {
        return {.url = database().url_as("stockroom_service"), .application = "connection_test"};
    }

  private:
    std::optional<TestDatabase> database_;
};

std::int64_t first_integer(Rows rows) {
    if (!rows.next()) return -1;
    return rows.integer(0);
}

ports::Error take_error(Connection& connection) {
    if (!connection.failed()) return {ports::ErrorKind::permanent, "nothing was wrong"};
    return connection.take_error();
}

}  // namespace

TEST(ErrorKinds, FollowTheSqlstate) {
    using enum ports::ErrorKind;
    struct Case {
        const char* sqlstate;
        ports::ErrorKind kind;
    };
    for (const auto& [sqlstate, kind] : {
             Case{"", retryable},       // the connection was lost
             Case{"40001", retryable},  // serialization_failure
             Case{"40P01", retryable},  // deadlock_detected
             Case{"55P03", retryable},  // lock_not_available
             Case{"57014", retryable},  // query_canceled: a timeout
             Case{"57P01", retryable},  // admin_shutdown
             Case{"57P03", retryable},  // cannot_connect_now
             Case{"08006", retryable},  // connection_failure
             Case{"53100", retryable},  // disk_full
             Case{"53300", retryable},  // too_many_connections
             Case{"25P03", retryable},  // idle_in_transaction_session_timeout
             Case{"58030", retryable},  // io_error
             Case{"0A000", retryable},  // a plan of tables as they were
             Case{"23505", conflict},   // unique_violation
             Case{"SR409", conflict},   // conflict() of the schema
             Case{"23514", permanent},  // check_violation
             Case{"22021", permanent},  // character_not_in_repertoire
             Case{"54000", permanent},  // program_limit_exceeded
             Case{"23001", permanent},  // restrict_violation: the ledger is append-only
             Case{"25006", retryable},  // read_only_sql_transaction: a standby
             Case{"25P02", retryable},  // in_failed_sql_transaction
             Case{"28P01", retryable},  // invalid_password
             Case{"42501", retryable},  // insufficient_privilege
             Case{"42P01", retryable},  // undefined_table
             Case{"42P05", retryable},  // duplicate_prepared_statement
             Case{"XX001", retryable},  // data_corrupted
         })
        EXPECT_EQ(kind_of(sqlstate), kind) << sqlstate;
}

TEST(Advice, SaysWhatCanBeDone) {
    struct Case {
        const char* message;
        const char* advice;
    };
    for (const auto& [message, advice] :
         {Case{"FATAL: password authentication failed for user \"x\"",
               ": check the user and the password of the store's URL"},
          Case{"FATAL: database \"x\" does not exist",
               ": check the user and the database of the store's URL"},
          Case{"could not translate host name \"x\" to address: Name or service not known",
               ": is PostgreSQL running there, and is the store's URL right?"},
          Case{"FATAL: the database system is starting up", ""}})
        EXPECT_EQ(advice_on(message), advice) << message;
}

TEST_F(ConnectionTest, GivesBackWhatItIsGiven) {
    Connection connection(target(), Purpose::decide);
    Statement echo(connection,
                   "SELECT a, b, c, d, e FROM unnest($1, $2, $3, $4, $5) AS t (a, b, c, d, e)");
    const auto id = base::Uuid::make_v7(base::Time::now());
    Array<std::int64_t> integers;
    Array<std::string_view> texts;
    Array<base::Uuid> ids;
    Array<bool> flags;
    Array<Bytes> bytes;
    integers.add(INT64_MIN);
    texts.add("{\"quoted\", 'NULL'}\\");
    ids.add(id);
    flags.add(true);
    bytes.add(Bytes{"\0\xff\\x"s});
    integers.add(std::optional<std::int64_t>{});
    texts.add("");
    ids.add(std::optional<base::Uuid>{});
    flags.add(false);
    bytes.add(Bytes{""});
    Rows rows = echo.query(integers, texts, ids, flags, bytes);
    ASSERT_FALSE(connection.failed()) << connection.take_error().detail;
    ASSERT_EQ(rows.size(), 2U);
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.integer(0), INT64_MIN);
    EXPECT_EQ(rows.text(1), "{\"quoted\", 'NULL'}\\");
    EXPECT_EQ(rows.uuid(2), id);
    EXPECT_EQ(rows.integer(3), 1);
    EXPECT_EQ(rows.text(4), "\0\xff\\x"s);
    ASSERT_TRUE(rows.next());
    EXPECT_TRUE(rows.is_null(0));
    EXPECT_FALSE(rows.is_null(1));
    EXPECT_EQ(rows.text(1), "");
    EXPECT_EQ(rows.optional_uuid(2), std::nullopt);
    EXPECT_EQ(rows.integer(3), 0);
    EXPECT_FALSE(rows.next());
}

TEST_F(ConnectionTest, ATextWithANulIsRefusedForGood) {
    Connection connection(target(), Purpose::decide);
    Statement echo(connection, "SELECT $1");
    (void)echo.query("a\0b"s);
    EXPECT_EQ(take_error(connection).kind, ports::ErrorKind::permanent);
    EXPECT_EQ(Rows(echo.query("ab"s)).size(), 1U);
}

TEST_F(ConnectionTest, AnErrorInAPipelineSkipsItsRestAndLeavesTheSession) {
    Connection connection(target(), Purpose::decide);
    Statement one(connection, kOne);
    Statement divide(connection, kDivide);
    Statement late(connection, "SELECT $1 + 2");
    one.send(std::int64_t{1});
    divide.send(std::int64_t{0});
    late.send(std::int64_t{1});  // not prepared before, and now skipped
    connection.end_pipeline();
    EXPECT_EQ(first_integer(connection.receive()), 2);
    EXPECT_EQ(connection.receive().size(), 0U);
    EXPECT_EQ(connection.receive().size(), 0U);
    EXPECT_EQ(first_integer(one.query(std::int64_t{5})), -1) << "nothing is done after an error";
    const auto error = take_error(connection);
    EXPECT_EQ(error.kind, ports::ErrorKind::permanent);
    EXPECT_NE(error.detail.find("division by zero (22012) in SELECT 10 / $1"), std::string::npos)
        << error.detail;
    EXPECT_EQ(first_integer(one.query(std::int64_t{5})), 6);
    EXPECT_EQ(first_integer(late.query(std::int64_t{5})), 7);
    EXPECT_EQ(connection.session(), 1U);
}

TEST_F(ConnectionTest, RollsBackAfterAnErrorAndInTheMiddle) {
    Connection connection(target(), Purpose::decide);
    Statement begin(connection, "BEGIN");
    Statement divide(connection, kDivide);
    for (const std::int64_t divisor : {0, 1}) {
        begin.send();
        divide.send(divisor);
        connection.end_pipeline();
        connection.receive_all();
        EXPECT_TRUE(connection.in_transaction());
        connection.roll_back();
        EXPECT_FALSE(connection.in_transaction());
        EXPECT_EQ(connection.failed(), divisor == 0) << "roll_back keeps the error";
        if (connection.failed()) (void)connection.take_error();
    }
    EXPECT_EQ(connection.session(), 1U);
}

TEST_F(ConnectionTest, ASessionThatEndedAtRestIsMadeAnewUnseen) {
    telemetry::Metrics metrics;
    auto counted = target();
    counted.reconnects = metrics.counter("stockroom_reconnects_total", "Reconnects");
    Connection connection(counted, Purpose::decide);
    Statement one(connection, kOne);
    EXPECT_EQ(first_integer(one.query(std::int64_t{1})), 2);
    EXPECT_EQ(database().end_sessions("connection_test"), 1);
    EXPECT_EQ(first_integer(one.query(std::int64_t{2})), 3);
    EXPECT_FALSE(connection.failed());
    EXPECT_EQ(connection.session(), 2U);
    EXPECT_NE(metrics.to_text().find("stockroom_reconnects_total 1"), std::string::npos);
}

TEST_F(ConnectionTest, ASessionThatEndsInATransactionIsAnError) {
    Connection connection(target(), Purpose::decide);
    Statement begin(connection, "BEGIN");
    Statement one(connection, kOne);
    EXPECT_TRUE(begin.run());
    EXPECT_EQ(database().end_sessions("connection_test"), 1);
    EXPECT_EQ(first_integer(one.query(std::int64_t{1})), -1);
    EXPECT_EQ(take_error(connection).kind, ports::ErrorKind::retryable);
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_EQ(first_integer(one.query(std::int64_t{1})), 2);
}

TEST_F(ConnectionTest, OfADeadlockOneSideIsToldToTryAgain) {
    database().execute(
        "INSERT INTO stockroom.levels VALUES ('a', 'main', 1, 0, 1), ('b', 'main', 1, 0, 1)");
    Connection first(target(), Purpose::decide);
    Connection second(target(), Purpose::decide);
    constexpr auto kLock = "SELECT held FROM levels WHERE sku = $1 FOR UPDATE";
    Statement lock_by_first(first, kLock);
    Statement lock_by_second(second, kLock);
    first.execute("BEGIN");
    second.execute("BEGIN");
    EXPECT_EQ(first_integer(lock_by_first.query("a"s)), 0);
    EXPECT_EQ(first_integer(lock_by_second.query("b"s)), 0);
    lock_by_first.send("b"s);
    first.end_pipeline();
    const auto by_second = first_integer(lock_by_second.query("a"s));
    if (second.failed()) second.roll_back();
    const auto by_first = first_integer(first.receive());
    EXPECT_NE(first.failed(), second.failed());
    EXPECT_EQ(by_first, first.failed() ? -1 : 0);
    EXPECT_EQ(by_second, second.failed() ? -1 : 0);
    const auto error = first.failed() ? first.take_error() : take_error(second);
    EXPECT_EQ(error.kind, ports::ErrorKind::retryable);
    EXPECT_NE(error.detail.find("40P01"), std::string::npos) << error.detail;
}

TEST_F(ConnectionTest, GivesUpAServerThatStandsStill) {
    Proxy proxy(database().url());
    auto through = target();
    through.url = proxy.url(through.url);
    Connection connection(through, Purpose::decide);
    Statement one(connection, kOne);
    ASSERT_EQ(first_integer(one.query(std::int64_t{1})), 2);
    proxy.stall();
    for (int attempt = 0; attempt < 2; ++attempt) {  // in a session, and while connecting
        connection.set_deadline(base::in(std::chrono::milliseconds(100)));
        EXPECT_EQ(first_integer(one.query(std::int64_t{1})), -1);
        const auto error = take_error(connection);
        EXPECT_EQ(error.kind, ports::ErrorKind::retryable);
        EXPECT_EQ(error.detail, "postgres: the server did not answer in time");
    }
    proxy.go_on();
    connection.set_deadline(std::nullopt);
    EXPECT_EQ(first_integer(one.query(std::int64_t{1})), 2);
}

TEST_F(ConnectionTest, SaysWhyItCannotConnect) {
    const auto failure_of = [](const std::string& url) {
        Connection connection({.url = url, .application = "connection_test"}, Purpose::decide);
        EXPECT_FALSE(connection.open());
        const auto error = take_error(connection);
        EXPECT_EQ(error.kind, ports::ErrorKind::retryable);
        EXPECT_EQ(error.detail.find('\n'), std::string::npos);
        return error.detail;
    };
    database().execute("DROP ROLE IF EXISTS stockroom_nobody");
    auto no_user = database().url();
    const auto user = no_user.find("://") + 3;
    no_user.replace(user, no_user.find('@') - user, "stockroom_nobody:wrong");
    EXPECT_NE(failure_of(no_user).find("stockroom_nobody"), std::string::npos);
    const auto nobody_there = failure_of("postgres://x@127.0.0.1:1/stockroom");
    EXPECT_NE(nobody_there.find("refused"), std::string::npos);
    EXPECT_NE(nobody_there.find("is PostgreSQL running there"), std::string::npos);
    auto no_database = database().url();
    no_database.insert(no_database.rfind("stockroom_test_"), "missing_");
    EXPECT_NE(failure_of(no_database).find("does not exist"), std::string::npos);
}

}  // namespace stockroom::store_postgres
