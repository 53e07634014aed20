#include "queries.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/store_postgres/postgres.hpp"

#include "query_sql.hpp"
#include "test_database.hpp"

namespace stockroom::store_postgres {

namespace {

/// As many rows as a filter without an index passes over for one page.
constexpr int kExamined = 20'000;

class QueriesTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!test_server_url()) GTEST_FAIL() << kNoTestServer;
        database_.emplace();
        queries_.emplace(target());
    }

    [[nodiscard]] TestDatabase& database() { return *database_; }
    [[nodiscard]] PostgresQueries& queries() { return *queries_; }
    [[nodiscard]] Target target() {
        return {.url = database().url_as("stockroom_reader"), .application = "reader"};
    }

    /// a00001, a00002, …: 10 of each at main, reorder point 5.
    void given_items(int count) {
        database().execute(fmt::format(
            "INSERT INTO stockroom.items SELECT 'a' || lpad(n::text, 5, '0'), 'Item ' || n, '', "
            "100, 5, false, 1, 7, 7 FROM generate_series(1, {0}) AS n; "
            "INSERT INTO stockroom.levels SELECT 'a' || lpad(n::text, 5, '0'), 'main', 10, 0, 1 "
            "FROM generate_series(1, {0}) AS n",
            count));
    }
    /// Numbered from 1, created at their number, of one unit of a00001.
    void given_orders(int count) {
        database().execute(fmt::format(
            "INSERT INTO stockroom.orders SELECT n, gen_random_uuid(), 'c-' || n % 2, 'reserved', "
            "100, '', 'test', 1, n, n, '' FROM generate_series(1, {0}) AS n; "
            "INSERT INTO stockroom.order_lines SELECT n, 0, 'a00001', 1, 100, 0 "
            "FROM generate_series(1, {0}) AS n",
            count));
    }

    [[nodiscard]] ports::PageResult<domain::ItemView> search(const std::string& prefix) {
        return queries().items({.prefix = prefix, .label = "", .low_stock = false}, {});
    }

  private:
    std::optional<TestDatabase> database_;
    std::optional<PostgresQueries> queries_;
};

template <typename T, typename Error>
T must(std::expected<T, Error> result) {
    if (!result) throw std::runtime_error("an error");
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

domain::Sku sku(std::string_view text) {
    return domain::Sku::parse(text).value();
}

}  // namespace

TEST_F(QueriesTest, APageThatPassesOverTooManyItemsIsShortAndGoesOn) {
    given_items(kExamined + 5);
    database().execute("UPDATE stockroom.levels SET on_hand = 3 WHERE sku = 'a20002'");
    const ports::ItemFilter low{.prefix = "", .label = "", .low_stock = true};
    const auto first = must(queries().items(low, {.cursor = "", .limit = 10}));
    EXPECT_TRUE(first.rows.empty());
    ASSERT_FALSE(first.next.empty());
    const auto second = must(queries().items(low, {.cursor = first.next, .limit = 10}));
    ASSERT_EQ(second.rows.size(), 1U);
    EXPECT_EQ(second.rows[0].item.sku.text(), "a20002");
    EXPECT_TRUE(second.next.empty());

    const ports::ItemFilter low_words{.prefix = "ITEM", .label = "", .low_stock = true};
    const auto words = must(queries().items(low_words, {.cursor = first.next, .limit = 10}));
    EXPECT_EQ(words.rows.size(), 1U);
}

TEST_F(QueriesTest, APageThatPassesOverTooManyOrdersIsShortAndGoesOn) {
    given_orders(kExamined + 5);
    database().execute("UPDATE stockroom.orders SET state = 'rejected' WHERE number IN (2, 3)");
    const ports::OrderFilter rejected{
        .customer = "", .state = domain::OrderState::rejected, .since = std::nullopt};
    const auto first = must(queries().orders(rejected, {.cursor = "", .limit = 10}));
    EXPECT_TRUE(first.rows.empty());
    ASSERT_FALSE(first.next.empty());
    const auto second = must(queries().orders(rejected, {.cursor = first.next, .limit = 10}));
    EXPECT_EQ(second.rows.size(), 2U);
    EXPECT_TRUE(second.next.empty());

    auto with_customer = rejected;
    with_customer.customer = "c-1";
    const auto of_one = must(queries().orders(with_customer, {.cursor = "", .limit = 10}));
    ASSERT_EQ(of_one.rows.size(), 1U);
    EXPECT_EQ(of_one.rows[0].order.created_at, base::Time::from_microseconds(3));
    EXPECT_TRUE(of_one.next.empty());
}

TEST_F(QueriesTest, LargePagesOfOrdersAreWhole) {
    given_orders(520);
    std::vector<std::int64_t> times;
    const auto first = must(queries().orders({}, {.cursor = "", .limit = ports::kMaxPageSize}));
    for (const auto& view : first.rows) {
        EXPECT_EQ(view.order.lines.size(), 1U);
        EXPECT_FALSE(view.hold.has_value());
        times.push_back(view.order.created_at.microseconds());
    }
    ASSERT_EQ(times.size(), ports::kMaxPageSize);
    for (std::size_t i = 0; i < times.size(); ++i)
        EXPECT_EQ(times[i], 520 - static_cast<std::int64_t>(i));
    const auto rest =
        must(queries().orders({}, {.cursor = first.next, .limit = ports::kMaxPageSize}));
    EXPECT_EQ(rest.rows.size(), 20U);
    EXPECT_TRUE(rest.next.empty());
}

TEST_F(QueriesTest, ASearchIsNeverAnError) {
    database().execute(
        "INSERT INTO stockroom.items VALUES ('a', U&'Big\\3000Straße\\2014Nº\\00a07 5kg', '', 1, "
        "0, false, 1, 7, 7)");
    const auto seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    const std::vector<std::string> parts{
        "a",  "Big", " ",  "  ",     "'",      "\"",     "\\",     ":*", "<->", "&",  "!", "(",
        "1e", "5k",  "-7", "\u3000", "\u2014", "\u00a0", "\u00ba", "🍎", "ß",   "\n", "%", "."};
    for (int times = 0; times < 500; ++times) {
        std::string prefix;
        for (auto left = 1 + random() % 5; left > 0; --left)
            prefix += parts[random() % parts.size()];
        EXPECT_TRUE(search(prefix).has_value()) << prefix;
    }
    for (const std::string prefix : {"big", "straß", "5k", "STRASSE", "7 5"}) {
        EXPECT_EQ(must(search(prefix)).rows.size(), prefix == "STRASSE" ? 0U : 1U) << prefix;
    }
}

TEST_F(QueriesTest, ALostSessionCostsNoError) {
    given_items(1);
    EXPECT_TRUE(must(queries().item(sku("a00001"))).has_value());
    ASSERT_EQ(database().end_sessions("reader"), 1);
    EXPECT_TRUE(must(queries().item(sku("a00001"))).has_value());
    ASSERT_EQ(database().end_sessions("reader"), 1);
    EXPECT_TRUE(must(queries().stock(sku("a00001"))).has_value());
}

TEST_F(QueriesTest, AServerThatIsAwayIsRetryableAndFoundAgain) {
    given_items(1);
    ASSERT_TRUE(must(queries().item(sku("a00001"))).has_value());
    TestDatabase elsewhere;
    const auto allow = [&](bool allowed) {
        elsewhere.execute(
            fmt::format("ALTER DATABASE {} ALLOW_CONNECTIONS {}", database().name(), allowed));
    };
    allow(false);
    elsewhere.execute(
        fmt::format("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                    "WHERE datname = '{}'",
                    database().name()));
    for (int times = 0; times < 2; ++times) {
        const auto item = queries().item(sku("a00001"));
        ASSERT_FALSE(item.has_value());
        EXPECT_EQ(item.error().kind, ports::ErrorKind::retryable) << item.error().detail;
        EXPECT_FALSE(queries().stock(sku("a00001")).has_value());
        EXPECT_FALSE(queries().orders({}, {}).has_value());
    }
    allow(true);
    EXPECT_TRUE(must(queries().item(sku("a00001"))).has_value());
}

TEST_F(QueriesTest, AReadThatWaitsTooLongIsRetryable) {
    given_items(1);
    Connection blocker({.url = database().url(), .application = "blocker"}, Purpose::decide);
    blocker.execute("BEGIN; LOCK TABLE levels");
    ASSERT_FALSE(blocker.failed());
    const auto item = queries().item(sku("a00001"));
    ASSERT_FALSE(item.has_value());
    EXPECT_EQ(item.error().kind, ports::ErrorKind::retryable) << item.error().detail;
    blocker.roll_back();
    EXPECT_TRUE(must(queries().item(sku("a00001"))).has_value());
}

TEST_F(QueriesTest, ItsSessionCannotWrite) {
    Connection connection({.url = database().url(), .application = "reader"}, Purpose::read);
    connection.execute("UPDATE items SET price = 0");
    ASSERT_TRUE(connection.failed());
    EXPECT_THAT(connection.take_error().detail, testing::HasSubstr("25006"));
}

/// However little the tables hold, and whatever PostgreSQL has counted in them.
TEST_F(QueriesTest, EveryReadGoesByAnIndex) {
    struct Case {
        const char* sql;
        const char* types;
        const char* values;
    };
    const std::vector<Case> cases{
        {item_sql(), "text", "'a'"},
        {items_sql(), "text, bool, bigint", "'', false, 50"},
        {items_by_label_sql(), "text, bool, bigint, text", "'', false, 50, 'l'"},
        {items_by_prefix_sql(), "text, bool, bigint, text, text", "'', false, 50, '', 'a'"},
        {open_holds_sql(), "text, bigint", "'a', 501"},
        {order_sql(), "uuid", "gen_random_uuid()"},
        {orders_sql(), "bigint, text, bigint, bigint", "9, '', 0, 50"},
        {orders_by_customer_sql(), "bigint, text, bigint, bigint, text", "9, '', 0, 50, 'c'"},
        {order_statistics_sql(), "bigint, bigint, bigint", "NULL, NULL, NULL"},
        {order_statistics_sql(), "bigint, bigint, bigint", "1, 2, 60000000"},
        {due_orders_sql(), "bigint", "50"},
    };
    Connection connection(target(), Purpose::read);
    for (const auto& [sql, types, values] : cases) {
        connection.execute(fmt::format("PREPARE tried ({}) AS {}", types, sql));
        const auto text = fmt::format("EXPLAIN (COSTS OFF) EXECUTE tried ({})", values);
        Statement plan(connection, text.c_str());
        std::string lines;
        for (Rows rows = plan.query(); rows.next();)
            lines += rows.string(0) + '\n';
        EXPECT_THAT(lines, testing::Not(testing::HasSubstr("Seq Scan")));
        if (sql == items_by_prefix_sql()) {
            EXPECT_THAT(lines, testing::HasSubstr("items_by_word"));
            EXPECT_THAT(lines, testing::HasSubstr("items_by_folded_sku"));
        } else {
            EXPECT_THAT(lines, testing::Not(testing::HasSubstr("Sort"))) << sql;
        }
        connection.execute("DEALLOCATE tried");
        ASSERT_FALSE(connection.failed()) << connection.take_error().detail;
    }
}

/// As ten million orders would leave them in half a year.
TEST_F(QueriesTest, StatisticsOfAnySpanReadAFewRows) {
    constexpr int kMinutes = 260'000;
    database().execute(
        fmt::format("INSERT INTO stockroom.order_statistics SELECT n, n * 40, n, n * 100, n * 1000 "
                    "FROM generate_series(1, {}) AS n",
                    kMinutes));
    Connection connection(target(), Purpose::read);
    connection.execute(
        fmt::format("PREPARE tried (bigint, bigint, bigint) AS {}", order_statistics_sql()));
    for (const auto* values :
         {"NULL, NULL, NULL", "130000, NULL, NULL", "NULL, NULL, 3600000000", "10, 200000, NULL"}) {
        const auto text = fmt::format(
            "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE tried ({})",
            values);
        Statement plan(connection, text.c_str());
        std::string lines;
        std::int64_t rows_read = 0;
        for (Rows rows = plan.query(); rows.next();) {
            const auto line = rows.string(0);
            lines += line + '\n';
            const auto of_statistics = line.find("on order_statistics");
            const auto actual = line.find("actual rows=");
            if (of_statistics == std::string::npos || actual == std::string::npos) continue;
            rows_read += std::stoll(line.substr(actual + std::string_view("actual rows=").size()));
        }
        EXPECT_THAT(lines, testing::HasSubstr("Index Scan Backward")) << lines;
        EXPECT_THAT(lines, testing::Not(testing::HasSubstr("Rows Removed"))) << lines;
        EXPECT_LE(rows_read, 2) << lines;
        EXPECT_GE(rows_read, 1) << lines;
    }
    const auto half = must(queries().order_statistics(
        {.since = base::Time().plus(std::chrono::minutes(130'001)), .until = {}, .window = {}}));
    EXPECT_EQ(half.totals.processed, 130'000 * 40);
}

TEST_F(QueriesTest, TheAuditReadsMoreThanIsFetchedAtOnce) {
    constexpr int kEvents = 25'001;
    database().execute(fmt::format(
        "INSERT INTO stockroom.log SELECT n, 'item.created', 'item/a', n, NULL, 'test', 7, '' "
        "FROM generate_series(1, {}) AS n",
        kEvents));
    auto audit = must(open_audit(database().url_as("stockroom_reader")));
    std::int64_t last = 0;
    must(audit->events([&last](const ports::EventAudit& event) {
        EXPECT_EQ(event.position, last + 1);
        last = event.position;
    }));
    EXPECT_EQ(last, kEvents);
}

TEST_F(QueriesTest, WithoutAStoreThereReadsAreRetryableAndAnAuditIsNot) {
    database().execute("DROP SCHEMA stockroom CASCADE");
    const auto item = queries().item(sku("a"));
    ASSERT_FALSE(item.has_value());
    EXPECT_EQ(item.error().kind, ports::ErrorKind::retryable);
    EXPECT_THAT(item.error().detail, testing::HasSubstr("stockroom migrate"));
    const auto audit = open_audit(database().url());
    ASSERT_FALSE(audit.has_value());
    EXPECT_EQ(audit.error().kind, ports::ErrorKind::permanent);
    ASSERT_TRUE(migrate(database().url()).has_value());
    EXPECT_TRUE(queries().item(sku("a")).has_value());
}

TEST_F(QueriesTest, AnAuditThatLostItsSnapshotSaysSo) {
    auto audit = must(open_audit(database().url_as("stockroom_reader")));
    ASSERT_EQ(database().end_sessions("stockroom audit"), 1);
    for (int times = 0; times < 2; ++times) {
        const auto head = audit->log_head();
        ASSERT_FALSE(head.has_value());
        EXPECT_EQ(head.error().kind, ports::ErrorKind::retryable) << head.error().detail;
    }
}

}  // namespace stockroom::store_postgres
