#include "relay_log.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "test_database.hpp"

namespace stockroom::store_postgres {

namespace {

class RelayLog : public testing::Test {
  protected:
    void SetUp() override {
        if (!test_server_url()) GTEST_FAIL() << kNoTestServer;
        database_.emplace();
    }

    [[nodiscard]] TestDatabase& database() { return *database_; }
    [[nodiscard]] std::unique_ptr<ports::RelayLog> make(const std::string& name) {
        return std::make_unique<PostgresRelayLog>(
            Target{.url = database().url_as("stockroom_relay"), .application = name});
    }
    void given_events(int count) {
        database().execute(
            "INSERT INTO stockroom.log SELECT position + n, 'item.created', 'item/a', n, NULL, "
            "'test', 7, '{}' FROM stockroom.log_head, generate_series(1, " +
            std::to_string(count) + ") AS n; UPDATE stockroom.log_head SET position = position + " +
            std::to_string(count));
    }

    void wait_until_nobody_leads() {
        database().execute(
            "SET lock_timeout = '60s'; "
            "SELECT pg_advisory_lock(x'53746b72'::int, x'72656c79'::int); "
            "SELECT pg_advisory_unlock(x'53746b72'::int, x'72656c79'::int)");
    }

  private:
    std::optional<TestDatabase> database_;
};

template <typename T>
T must(Expected<T> result) {
    if (!result) throw std::runtime_error(result.error().detail);
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

template <typename T>
void expect_retryable(const Expected<T>& result) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, ports::ErrorKind::retryable) << result.error().detail;
}

}  // namespace

TEST_F(RelayLog, OneLeadsAtATimeAndSaysSoAgain) {
    auto first = make("first");
    auto second = make("second");
    EXPECT_TRUE(must(first->take_lead()));
    EXPECT_FALSE(must(second->take_lead()));
    EXPECT_TRUE(must(first->take_lead()));
    EXPECT_FALSE(must(second->take_lead()));
    first.reset();
    // The server sees the end of the session when it next looks at its socket.
    const auto deadline = base::in(std::chrono::seconds(20));
    while (!must(second->take_lead()))
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST_F(RelayLog, TheLeadIsLostWithTheSession) {
    auto first = make("first");
    auto second = make("second");
    ASSERT_TRUE(must(first->take_lead()));
    must(first->save_position(0));
    ASSERT_EQ(database().end_sessions("first"), 1);
    EXPECT_TRUE(must(second->take_lead()));
    expect_retryable(first->events_after(0, 10));
    expect_retryable(first->position());
    expect_retryable(first->save_position(5));
    EXPECT_EQ(must(second->position()), 0);
    EXPECT_FALSE(must(first->take_lead()));
}

TEST_F(RelayLog, TheLeadIsLostBySilence) {
    auto first = make("first");
    auto second = make("second");
    ASSERT_TRUE(must(first->take_lead()));
    wait_until_nobody_leads();
    EXPECT_TRUE(must(second->take_lead()));
    expect_retryable(first->events_after(0, 10));
    EXPECT_FALSE(must(first->take_lead()));
}

TEST_F(RelayLog, TheLeadCanBeGivenUp) {
    auto first = make("first");
    auto second = make("second");
    second->give_up_lead();
    ASSERT_TRUE(must(first->take_lead()));
    second->give_up_lead();
    EXPECT_FALSE(must(second->take_lead()));
    first->give_up_lead();
    expect_retryable(first->save_position(1));
    wait_until_nobody_leads();
    EXPECT_TRUE(must(second->take_lead()));
    EXPECT_FALSE(must(first->take_lead()));
}

TEST_F(RelayLog, OneThatLostItsSessionCannotSave) {
    auto first = make("first");
    ASSERT_TRUE(must(first->take_lead()));
    ASSERT_EQ(database().end_sessions("first"), 1);
    expect_retryable(first->save_position(5));
    expect_retryable(first->save_position(5));
    ASSERT_TRUE(must(first->take_lead()));
    EXPECT_EQ(must(first->position()), 0);
    must(first->save_position(5));
    EXPECT_EQ(must(first->position()), 5);
}

TEST_F(RelayLog, OneThatNeverAskedForTheLeadHasNone) {
    auto log = make("log");
    expect_retryable(log->position());
    expect_retryable(log->save_position(1));
}

TEST_F(RelayLog, ReadsTheLogAfterAPosition) {
    auto log = make("log");
    EXPECT_EQ(must(log->log_head()), 0);
    EXPECT_TRUE(must(log->events_after(0, 10)).empty());
    given_events(5);
    EXPECT_EQ(must(log->log_head()), 5);
    const auto events = must(log->events_after(2, 2));
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].position, 3);
    EXPECT_EQ(events[1].position, 4);
    EXPECT_EQ(events[0].event.type, "item.created");
    EXPECT_EQ(events[0].event.key, "item/a");
    EXPECT_EQ(events[0].event.version, 3);
    EXPECT_EQ(events[0].event.command, std::nullopt);
    EXPECT_EQ(events[0].event.actor, "test");
    EXPECT_EQ(events[0].event.at, base::Time::from_microseconds(7));
    EXPECT_EQ(events[0].event.data, "{}");
}

TEST_F(RelayLog, ThePositionOutlivesTheProcess) {
    {
        auto log = make("log");
        ASSERT_TRUE(must(log->take_lead()));
        must(log->save_position(42));
    }
    EXPECT_EQ(database().integer("SELECT position FROM stockroom.relay_cursor"), 42);
}

TEST_F(RelayLog, ItsRoleReadsTheLogAndWritesItsCursorOnly) {
    Connection connection({.url = database().url_as("stockroom_relay"), .application = "role"},
                          Purpose::relay);
    for (const auto* sql :
         {"DELETE FROM log", "UPDATE log SET type = ''", "UPDATE log_head SET position = 0",
          "INSERT INTO log VALUES (1, '', '', 1, NULL, '', 1, '')", "SELECT 1 FROM orders"}) {
        connection.execute(sql);
        ASSERT_TRUE(connection.failed()) << sql;
        EXPECT_TRUE(connection.take_error().detail.contains("42501")) << sql;
    }
}

TEST_F(RelayLog, WhoMayNotSaveItsPositionDoesNotGetTheLead) {
    PostgresRelayLog log(
        Target{.url = database().url_as("stockroom_service"), .application = "wrong"});
    const auto refused = log.take_lead();
    expect_retryable(refused);
    EXPECT_NE(refused.error().detail.find("grant it the role stockroom_relay"), std::string::npos)
        << refused.error().detail;
    EXPECT_TRUE(must(make("right")->take_lead()));
}

}  // namespace stockroom::store_postgres
