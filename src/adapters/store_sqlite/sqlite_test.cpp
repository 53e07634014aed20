#include "stockroom/store_sqlite/sqlite.hpp"

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "connection.hpp"

namespace stockroom::store_sqlite {

namespace {

namespace fs = std::filesystem;
using ports::ErrorKind;

class SqliteFile : public testing::Test {
  protected:
    SqliteFile() {
        std::string name = fs::temp_directory_path() / "stockroom-sqlite-XXXXXX";
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        folder_ = name;
    }
    ~SqliteFile() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    [[nodiscard]] const fs::path& folder() const { return folder_; }
    [[nodiscard]] std::string path() const { return folder_ / "store.db"; }

    static std::unique_ptr<ports::Store> open_store(const std::string& path) {
        return SqliteDatabase::open(path).value()->make_store().value();
    }
    /// One event, one movement.
    void given_a_line_in_ledger_and_log() {
        auto store = open_store(path());
        auto transaction = store->begin({}, {}, base::in(std::chrono::seconds(60))).value();
        const auto now = transaction->snapshot().now();
        const std::array movements{domain::Movement{.sku = domain::Sku::parse("IB1").value(),
                                                    .location = domain::LocationCode::main(),
                                                    .kind = domain::MovementKind::receipt,
                                                    .quantity = 1,
                                                    .reason = "",
                                                    .reference = "",
                                                    .order = std::nullopt,
                                                    .command = base::Uuid(),
                                                    .actor = "",
                                                    .at = now}};
        const std::array events{event(std::string("x"), now)};
        ASSERT_TRUE(
            transaction
                ->commit({.movements = movements, .outcomes = {}, .events = events, .dead = {}})
                .has_value());
    }
    static ports::EventRecord event(std::string data, base::Time now) {
        return {.type = "stock.received",
                .key = "stock/1",
                .version = 1,
                .command = std::nullopt,
                .actor = "",
                .at = now,
                .data = std::move(data)};
    }
    void given_another_programs_file() const {
        std::ofstream(path()) << "";
        auto connection = Connection::open(path(), Connection::Mode::read_write).value();
        connection->execute("CREATE TABLE other (id INTEGER)");
        ASSERT_FALSE(connection->failed());
    }

  private:
    fs::path folder_;
};

ports::Error error_of(const std::string& path) {
    auto database = SqliteDatabase::open(path);
    return database ? ports::Error{ErrorKind::permanent, "no error"} : database.error();
}

/// Lets files grow up to this size only, until it is destroyed.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        getrlimit(RLIMIT_FSIZE, &before_);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        (void)std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

}  // namespace

TEST_F(SqliteFile, MakesItsFolderAndAFileForItsOwnerAlone) {
    const auto path = folder() / "a" / "b" / "store.db";
    const auto store = open_store(path);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(fs::status(path.string() + "-wal").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(SqliteFile, CanBeOpenedByManyAtOnce) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([this] { EXPECT_EQ(error_of(path()).detail, "no error"); });
}

TEST_F(SqliteFile, LeavesFilesAloneThatAreNoStore) {
    std::ofstream(path()) << "Dear diary, this is certainly more than one hundred bytes long, as a "
                             "header of SQLite would be. Dear diary, and so on, and so on.";
    const auto size = fs::file_size(path());
    EXPECT_EQ(error_of(path()).kind, ErrorKind::permanent);
    EXPECT_EQ(fs::file_size(path()), size);
    EXPECT_FALSE(open_audit(path()).has_value());
}

TEST_F(SqliteFile, LeavesAnotherProgramsDatabaseAlone) {
    given_another_programs_file();
    const auto error = error_of(path());
    EXPECT_EQ(error.kind, ErrorKind::permanent);
    EXPECT_THAT(error.detail, testing::HasSubstr("not a Stockroom store"));
    EXPECT_FALSE(open_audit(path()).has_value());
}

TEST_F(SqliteFile, RefusesAStoreOfANewerVersion) {
    (void)open_store(path());
    {
        auto connection = Connection::open(path(), Connection::Mode::read_write).value();
        connection->execute("PRAGMA user_version = 1000");
    }
    const auto error = error_of(path());
    EXPECT_EQ(error.kind, ErrorKind::permanent);
    EXPECT_THAT(error.detail, testing::HasSubstr("newer"));
    EXPECT_FALSE(open_audit(path()).has_value());
}

TEST_F(SqliteFile, APathThatCannotBeUsedIsAPermanentError) {
    EXPECT_EQ(error_of(folder()).kind, ErrorKind::permanent);
    std::ofstream(folder() / "file") << "x";
    EXPECT_EQ(error_of(folder() / "file" / "store.db").kind, ErrorKind::permanent);
}

TEST_F(SqliteFile, AnAuditMakesNoFile) {
    const auto source = open_audit(path());
    ASSERT_FALSE(source.has_value());
    EXPECT_EQ(source.error().kind, ErrorKind::permanent);
    EXPECT_TRUE(fs::is_empty(folder()));
}

TEST_F(SqliteFile, AnAuditReadsAStoreThatNobodyUses) {
    given_a_line_in_ledger_and_log();
    const auto source = open_audit(path());
    ASSERT_TRUE(source.has_value()) << source.error().detail;
    EXPECT_EQ((*source)->log_head(), 1);
}

TEST_F(SqliteFile, LedgerAndLogAreAppendOnly) {
    given_a_line_in_ledger_and_log();
    for (const auto* sql : {"UPDATE movements SET quantity = 2", "DELETE FROM movements",
                            "UPDATE log SET data = ''", "DELETE FROM log"}) {
        auto connection = Connection::open(path(), Connection::Mode::read_write).value();
        connection->execute(sql);
        ASSERT_TRUE(connection->failed()) << sql;
        EXPECT_THAT(connection->take_error().detail, testing::HasSubstr("append-only"));
    }
}

TEST_F(SqliteFile, SeveralDatabasesOfOneFileTakeTurnsToo) {
    // As several processes would: they share no Turns.
    constexpr int kWriters = 3;
    constexpr int kRounds = 30;
    std::vector<std::unique_ptr<ports::Store>> stores;
    for (int i = 0; i < kWriters; ++i)
        stores.push_back(open_store(path()));
    {
        std::vector<std::jthread> threads;
        for (auto& store : stores)
            threads.emplace_back([&store] {
                for (int round = 0; round < kRounds; ++round) {
                    auto transaction = store->begin({}, {}, base::in(std::chrono::seconds(60)));
                    ASSERT_TRUE(transaction.has_value()) << transaction.error().detail;
                    const std::array events{event("x", (*transaction)->snapshot().now())};
                    ASSERT_TRUE(
                        (*transaction)
                            ->commit(
                                {.movements = {}, .outcomes = {}, .events = events, .dead = {}})
                            .has_value());
                }
            });
    }
    auto queries = SqliteDatabase::open(path()).value()->make_queries().value();
    EXPECT_EQ(queries->events_after(0, 1'000)->size(), std::size_t{kWriters * kRounds});
}

TEST_F(SqliteFile, ABusyFileIsRetryableAtTheDeadline) {
    auto holder = open_store(path());
    auto other = open_store(path());
    const auto held = holder->begin({}, {}, base::in(std::chrono::seconds(60)));
    ASSERT_TRUE(held.has_value());
    const auto refused = other->begin({}, {}, base::in(std::chrono::milliseconds(20)));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorKind::retryable);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr("locked"));
}

TEST_F(SqliteFile, NoRoomIsRetryableAndLosesNothing) {
    given_a_line_in_ledger_and_log();
    auto store = open_store(path());
    const auto write_a_mebibyte = [&store] {
        auto transaction = store->begin({}, {}, base::in(std::chrono::seconds(60))).value();
        const std::array events{event(std::string(1U << 20U, 'x'), transaction->snapshot().now())};
        return transaction->commit({.movements = {}, .outcomes = {}, .events = events, .dead = {}});
    };
    {
        const FileSizeLimit limit(512U << 10U);
        const auto refused = write_a_mebibyte();
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, ErrorKind::retryable) << refused.error().detail;
    }
    EXPECT_TRUE(write_a_mebibyte().has_value());
    auto queries = SqliteDatabase::open(path()).value()->make_queries().value();
    EXPECT_EQ(queries->events_after(0, 10)->size(), 2U);
}

TEST_F(SqliteFile, QueriesCannotWrite) {
    (void)open_store(path());
    auto connection = Connection::open(path(), Connection::Mode::read_only).value();
    connection->execute("DELETE FROM outcomes");
    EXPECT_TRUE(connection->failed());
}

TEST_F(SqliteFile, ARowThatWasTamperedWithIsAnErrorNotACrash) {
    given_a_line_in_ledger_and_log();
    {
        auto connection = Connection::open(path(), Connection::Mode::read_write).value();
        connection->execute("PRAGMA ignore_check_constraints = ON");
        connection->execute("DROP TRIGGER movements_are_not_changed");
        connection->execute("UPDATE movements SET kind = 'gift'");
        ASSERT_FALSE(connection->failed());
    }
    auto queries = SqliteDatabase::open(path()).value()->make_queries().value();
    const auto page = queries->movements(domain::Sku::parse("IB1").value(), {});
    ASSERT_FALSE(page.has_value());
    EXPECT_EQ(std::get<ports::Error>(page.error()).kind, ErrorKind::permanent);
    // The next read is well again.
    EXPECT_TRUE(queries->events_after(0, 10).has_value());
}

TEST_F(SqliteFile, ATamperedHoldIsAnErrorAndLetsOthersWrite) {
    const auto database = SqliteDatabase::open(path()).value();
    {
        auto connection = Connection::open(path(), Connection::Mode::read_write).value();
        connection->execute("PRAGMA ignore_check_constraints = ON");
        connection->execute(
            "INSERT INTO orders VALUES (1, zeroblob(16), '', 'reserved', 0, '', '', 1, 0, 0, '')");
        connection->execute("INSERT INTO holds VALUES (1, NULL, 'pending', NULL, 1)");
        ASSERT_FALSE(connection->failed());
    }
    auto store = database->make_store().value();
    auto other = database->make_store().value();
    const domain::Keys keys{.orders = {base::Uuid()}, .skus = {}};
    const auto refused = store->begin({}, keys, base::in(std::chrono::seconds(60)));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorKind::permanent);
    EXPECT_TRUE(other->begin({}, {}, base::in(std::chrono::seconds(60))).has_value());
}

}  // namespace stockroom::store_sqlite
