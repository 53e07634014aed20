#include "schema.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "stockroom/store_postgres/postgres.hpp"

#include "migrations.hpp"
#include "test_database.hpp"

namespace stockroom::store_postgres {

namespace {

class SchemaTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!test_server_url()) GTEST_FAIL() << kNoTestServer;
        database_.emplace();
    }
    [[nodiscard]] TestDatabase& database() { return *database_; }
    /// What the SQL says when this role runs it; empty: it may.
    [[nodiscard]] std::string refusal(const std::string& role, const std::string& sql) {
        Connection connection({.url = database().url_as(role), .application = "schema_test"},
                              Purpose::migrate);
        connection.execute(sql);
        return connection.failed() ? connection.take_error().detail : "";
    }
    [[nodiscard]] std::string open_failure() {
        Connection connection({.url = database().url(), .application = "schema_test"},
                              Purpose::decide);
        if (connection.open()) return "";
        auto error = connection.take_error();
        EXPECT_EQ(error.kind, ports::ErrorKind::retryable);
        return error.detail;
    }

  private:
    std::optional<TestDatabase> database_;
};

const int kNewest = static_cast<int>(migrations().size());

class OldStoreTest : public SchemaTest {
  protected:
    void SetUp() override {
        SchemaTest::SetUp();
        database().execute("DROP SCHEMA stockroom CASCADE; CREATE SCHEMA stockroom");
        as_owner(migrations()[0].sql);
        as_owner(
            "CREATE TABLE schema_version (version bigint PRIMARY KEY, oldest bigint NOT NULL, "
            "at timestamptz NOT NULL DEFAULT now()); INSERT INTO schema_version VALUES (1, 1)");
    }
    void as_owner(const std::string& sql) {
        database().execute("SET search_path = stockroom; " + sql);
    }
    void migrate_to_newest() {
        const auto migrated = migrate(database().url());
        ASSERT_TRUE(migrated.has_value()) << migrated.error().detail;
        EXPECT_EQ(migrated->from, 1);
        EXPECT_EQ(migrated->to, kNewest);
    }
    /// As a program of version 1 does: of one line of 3 units and one of 4, in this minute.
    static std::string order_sql(int number, const std::string& state, int minute) {
        const auto id =
            "'00000000-0000-4000-8000-" + std::string(11, '0') + std::to_string(number) + "'";
        const auto n = std::to_string(number);
        const auto at = std::to_string(minute * 60'000'000 + 59'999'999);
        return "INSERT INTO orders VALUES (" + n + ", " + id + ", '', '" + state +
               "', 9223372036854775807, '', 'test', 1, " + at + ", " + at +
               ", ''); INSERT INTO order_lines VALUES (" + n + ", 0, 'a', 3, 100, 0), (" + n +
               ", 1, 'b', 4, 100, 0); UPDATE log_head SET position = position + 2; "
               "INSERT INTO log SELECT position - 1, 'order.reserved', 'order/' || " +
               id +
               ", 1, NULL, 'test', 7, '' FROM log_head; "
               "INSERT INTO log SELECT position, 'level.changed', 'level/a/main', " +
               n + ", NULL, 'test', 7, '' FROM log_head; ";
    }
    /// "minute: processed, rejected, units, execution_price" of each row, a line each.
    [[nodiscard]] std::string statistics() {
        Connection connection({.url = database().url(), .application = "schema_test"},
                              Purpose::read);
        Statement statement(connection,
                            "SELECT minute || ': ' || concat_ws(', ', processed, rejected, units, "
                            "execution_price) FROM order_statistics ORDER BY minute");
        std::string lines;
        for (Rows rows = statement.query(); rows.next();)
            lines += rows.string(0) + '\n';
        return lines;
    }
};

}  // namespace

TEST_F(OldStoreTest, ItsOrdersAreCounted) {
    as_owner(order_sql(1, "reserved", 1) + order_sql(2, "cancelled", 1) +
             order_sql(3, "rejected", 1) + order_sql(4, "fulfilled", 3));
    migrate_to_newest();
    EXPECT_EQ(statistics(),
              "1: 2, 1, 14, 18446744073709551614\n3: 3, 1, 21, 27670116110564327421\n");
}

TEST_F(OldStoreTest, OrdersOfItsProgramsAreCountedWhileTheyAreReplaced) {
    as_owner(order_sql(1, "reserved", 1));
    migrate_to_newest();
    const auto by_old = [this](const std::string& sql) {
        EXPECT_EQ(
            refusal("stockroom_service", "SET search_path = stockroom; BEGIN; " + sql + "COMMIT"),
            "");
    };
    by_old(order_sql(2, "confirmed", 1));
    by_old(order_sql(3, "rejected", 2) + order_sql(4, "reserved", 2));
    // Began in the minute before the last one to commit.
    by_old(order_sql(5, "reserved", 1));
    EXPECT_EQ(statistics(),
              "1: 3, 0, 21, 27670116110564327421\n2: 4, 1, 28, 36893488147419103228\n");
}

TEST_F(SchemaTest, MigratingAgainChangesNothing) {
    const auto migrated = migrate(database().url());
    ASSERT_TRUE(migrated.has_value()) << migrated.error().detail;
    EXPECT_EQ(migrated->from, kNewest);
    EXPECT_EQ(migrated->to, kNewest);
    EXPECT_EQ(database().integer("SELECT count(*) FROM stockroom.schema_version"), kNewest);
}

TEST_F(SchemaTest, OfManyThatMigrateAtOnceOneDoes) {
    database().execute("DROP SCHEMA stockroom CASCADE");
    EXPECT_NE(open_failure().find("run stockroom migrate"), std::string::npos);
    std::vector<std::expected<Migrated, ports::Error>> results(4);
    {
        std::vector<std::jthread> threads;
        for (auto& result : results)
            threads.emplace_back([this, &result] { result = migrate(database().url()); });
    }
    int from_nothing = 0;
    for (const auto& result : results) {
        ASSERT_TRUE(result.has_value()) << result.error().detail;
        EXPECT_EQ(result->to, kNewest);
        if (result->from == 0) ++from_nothing;
    }
    EXPECT_EQ(from_nothing, 1);
    EXPECT_EQ(open_failure(), "");
}

TEST_F(SchemaTest, ANewerSchemaIsNotTouchedAndWorksOnlyIfItSaysSo) {
    database().execute("INSERT INTO stockroom.schema_version (version, oldest) VALUES (1000, 1)");
    const auto refused = migrate(database().url());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ports::ErrorKind::permanent);
    EXPECT_NE(refused.error().detail.find("newer"), std::string::npos) << refused.error().detail;
    EXPECT_EQ(open_failure(), "") << "it was expanded: what this version needs is there";

    database().execute("UPDATE stockroom.schema_version SET oldest = 1000 WHERE version = 1000");
    EXPECT_NE(open_failure().find("newer"), std::string::npos) << "it was contracted";
}

TEST_F(SchemaTest, AnOlderSchemaIsToBeMigrated) {
    database().execute("UPDATE stockroom.schema_version SET version = version - 1");
    EXPECT_NE(open_failure().find("run stockroom migrate"), std::string::npos);
}

TEST_F(SchemaTest, WhoOwnsTheSchemaMayMigrateWhereTheRolesAreThere) {
    database().execute(
        "DROP SCHEMA stockroom CASCADE; DROP ROLE IF EXISTS stockroom_test_owner; "
        "CREATE ROLE stockroom_test_owner; "
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO stockroom_test_owner', "
        "current_database()); END $$");
    const auto migrated = migrate(database().url_as("stockroom_test_owner"));
    EXPECT_TRUE(migrated.has_value()) << migrated.error().detail;
    EXPECT_EQ(refusal("stockroom_service", "SELECT * FROM log"), "");
    database().execute(
        "DROP OWNED BY stockroom_test_owner CASCADE; "
        "DROP ROLE stockroom_test_owner");
}

TEST_F(SchemaTest, RolesMayDoWhatTheyNeedAndNoMore) {
    struct Case {
        const char* role;
        const char* sql;
        bool allowed;
    };
    for (const auto& [role, sql, allowed] : {
             Case{"stockroom_service", "UPDATE movements SET quantity = 1", false},
             Case{"stockroom_service", "DELETE FROM movements", false},
             Case{"stockroom_service", "TRUNCATE movements", false},
             Case{"stockroom_service", "UPDATE log SET data = ''", false},
             Case{"stockroom_service", "DELETE FROM log", false},
             Case{"stockroom_service", "DELETE FROM outcomes", false},
             Case{"stockroom_service", "UPDATE outcomes SET bytes = ''", false},
             Case{"stockroom_service", "DELETE FROM orders", false},
             Case{"stockroom_service", "UPDATE order_lines SET quantity = 1", false},
             Case{"stockroom_service", "UPDATE hold_lines SET quantity = 1", false},
             Case{"stockroom_service", "UPDATE relay_cursor SET position = 0", false},
             Case{"stockroom_service", "INSERT INTO schema_version VALUES (9, 9)", false},
             Case{"stockroom_service", "CREATE TABLE more (id int)", false},
             Case{"stockroom_service", "UPDATE levels SET held = 0", true},
             Case{"stockroom_service", "SELECT * FROM log", true},
             Case{"stockroom_reader", "SELECT * FROM orders", true},
             Case{"stockroom_reader", "UPDATE levels SET held = 0", false},
             Case{"stockroom_reader", "INSERT INTO log_head VALUES (2, 0, 0, 0)", false},
             Case{"stockroom_reader", "UPDATE relay_cursor SET position = 0", false},
             Case{"stockroom_reader", "SELECT nextval('order_numbers')", false},
             Case{"stockroom_relay", "SELECT * FROM log, log_head", true},
             Case{"stockroom_relay", "UPDATE relay_cursor SET position = 0", true},
             Case{"stockroom_relay", "UPDATE log_head SET position = 0", false},
             Case{"stockroom_relay", "SELECT * FROM orders", false},
         }) {
        const auto refused = refusal(role, sql);
        EXPECT_EQ(refused.empty(), allowed) << role << ": " << sql << ": " << refused;
        if (!allowed) EXPECT_NE(refused.find("permission denied"), std::string::npos) << refused;
    }
}

TEST_F(SchemaTest, ASessionIsRefusedToWhoMayNotDoItsWork) {
    struct Case {
        Purpose purpose;
        std::string role;
        const char* hint;  // empty: it may
    };
    database().execute(
        "DO $$ BEGIN CREATE ROLE stockroom_test_nobody NOLOGIN; "
        "EXCEPTION WHEN duplicate_object THEN NULL; END $$");
    for (const auto& [purpose, role, hint] : {
             Case{Purpose::decide, "stockroom_service", ""},
             Case{Purpose::decide, "stockroom_reader", "the role stockroom_service"},
             Case{Purpose::decide, "stockroom_relay", "the role stockroom_service"},
             Case{Purpose::decide, "stockroom_test_nobody", "USAGE on schema stockroom"},
             Case{Purpose::read, "stockroom_service", ""},
             Case{Purpose::read, "stockroom_reader", ""},
             Case{Purpose::read, "stockroom_relay", "the role stockroom_reader"},
             Case{Purpose::relay, "stockroom_relay", ""},
             Case{Purpose::relay, "stockroom_service", "the role stockroom_relay"},
             Case{Purpose::relay, "stockroom_reader", "the role stockroom_relay"},
             Case{Purpose::audit, "stockroom_reader", ""},
             Case{Purpose::audit, "stockroom_relay", "the role stockroom_reader"},
         }) {
        SCOPED_TRACE(role);
        Connection connection({.url = database().url_as(role), .application = "test"}, purpose);
        EXPECT_EQ(connection.open(), *hint == '\0');
        if (!connection.failed()) continue;
        const auto error = connection.take_error();
        EXPECT_EQ(error.kind, ports::ErrorKind::retryable);
        EXPECT_NE(error.detail.find("permission denied: the user " + role), std::string::npos)
            << error.detail;
        EXPECT_NE(error.detail.find(hint), std::string::npos) << error.detail;
    }
}

TEST_F(SchemaTest, WhoDoesNotOwnTheDatabaseIsToldThatItsOwnerMigrates) {
    database().execute("DROP SCHEMA stockroom CASCADE");
    const auto refused = migrate(database().url_as("stockroom_service"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().detail.find("permission denied"), std::string::npos);
    EXPECT_NE(refused.error().detail.find("run it as the owner of the database"), std::string::npos)
        << refused.error().detail;
}

TEST_F(SchemaTest, NotEvenTheOwnerChangesLedgerOrLog) {
    for (const auto* table : {"movements", "log"}) {
        for (const auto* verb : {"UPDATE stockroom.{} SET at = 0", "DELETE FROM stockroom.{}",
                                 "TRUNCATE stockroom.{}"}) {
            auto sql = std::string(verb);
            sql.replace(sql.find("{}"), 2, table);
            try {
                database().execute(sql);
                ADD_FAILURE() << sql << " was done";
            } catch (const std::runtime_error& error) {
                EXPECT_NE(std::string(error.what()).find("append-only"), std::string::npos)
                    << error.what();
            }
        }
    }
}

}  // namespace stockroom::store_postgres
