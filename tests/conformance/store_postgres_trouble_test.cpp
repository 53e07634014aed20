#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "stockroom/store_postgres/postgres.hpp"

#include "proxy.hpp"
#include "store_samples.hpp"
#include "test_database.hpp"

namespace stockroom::conformance {

namespace {

using ports::ErrorKind;

const domain::Sku kApple = sku("IB1");
const domain::Keys kApples{.orders = {}, .skus = {kApple}};

/// The store as services see it, when what it stands on does not.
class PostgresTrouble : public testing::Test {
  protected:
    void SetUp() override {
        if (!store_postgres::test_server_url()) GTEST_FAIL() << store_postgres::kNoTestServer;
        server_.emplace();
        database_ = open(server_->url_as("stockroom_service"), "trouble");
        store_ = database_->make_store();
        queries_ = database_->make_queries();
        const auto now = must(store_->begin({}, {}, soon()))->snapshot().now();
        given(*store_, stocked(kApple, 1'000'000, now));
    }

    [[nodiscard]] std::shared_ptr<store_postgres::PostgresDatabase> open(
        const std::string& url, const std::string& service) {
        auto made = store_postgres::PostgresDatabase::make(url, service, metrics_);
        if (!made) throw std::runtime_error(made.error());
        return *std::move(made);
    }
    [[nodiscard]] const store_postgres::TestDatabase& server() { return *server_; }
    [[nodiscard]] store_postgres::PostgresDatabase& database() { return *database_; }
    [[nodiscard]] ports::Store& store() { return *store_; }
    [[nodiscard]] ports::Queries& queries() { return *queries_; }

  private:
    telemetry::Metrics metrics_;
    std::optional<store_postgres::TestDatabase> server_;
    std::shared_ptr<store_postgres::PostgresDatabase> database_;
    std::unique_ptr<ports::Store> store_;
    std::unique_ptr<ports::Queries> queries_;
};

/// One apple held by order `number`.
Batch one_order(const domain::Snapshot& snapshot, int number) {
    auto batch = placed(
        reserved(id(number), {kApple}, snapshot.now(), snapshot.now().plus(std::chrono::hours(1))));
    auto level = snapshot.levels_of(kApple).at(domain::LocationCode::main()).state;
    ++level.held;
    ++level.version;
    batch.changes.levels.push_back(level);
    return batch;
}

std::expected<void, ports::Error> commit(ports::Transaction& transaction, const Batch& batch) {
    transaction.snapshot().apply(batch.changes);
    return transaction.commit({.movements = batch.changes.movements,
                               .outcomes = batch.outcomes,
                               .events = batch.events,
                               .dead = batch.dead});
}

}  // namespace

TEST_F(PostgresTrouble, ASessionThatEndsInABatchLeavesNoTraceAndTheNextGoesOn) {
    auto transaction = must(store().begin({}, kApples, soon()));
    EXPECT_GE(server().end_sessions("trouble"), 1);
    const auto lost = commit(*transaction, one_order(transaction->snapshot(), 1));
    ASSERT_FALSE(lost.has_value());
    EXPECT_EQ(lost.error().kind, ErrorKind::retryable) << lost.error().detail;
    transaction.reset();
    EXPECT_FALSE(must(queries().outcome(id(1))).has_value());
    must(write(store(), kApples, [](const auto& snapshot) { return one_order(snapshot, 1); }));
    EXPECT_EQ(must(queries().item(kApple))->held, 1);
}

TEST_F(PostgresTrouble, ASessionThatEndsBetweenBatchesIsNotNoticed) {
    EXPECT_GE(server().end_sessions("trouble"), 1);
    must(write(store(), kApples, [](const auto& snapshot) { return one_order(snapshot, 1); }));
    EXPECT_EQ(must(queries().item(kApple))->held, 1);
}

TEST_F(PostgresTrouble, AServerThatStandsStillEndsInARetryableError) {
    store_postgres::Proxy proxy(server().url());
    const auto through = open(proxy.url(server().url_as("stockroom_service")), "through");
    const auto slow = through->make_store();
    must(slow->begin({}, kApples, soon())).reset();

    proxy.stall();
    const auto begun = slow->begin({}, kApples, base::in(std::chrono::milliseconds(100)));
    ASSERT_FALSE(begun.has_value());
    EXPECT_EQ(begun.error().kind, ErrorKind::retryable) << begun.error().detail;
    proxy.go_on();

    auto transaction = must(slow->begin({}, kApples, soon()));
    proxy.stall();
    const auto committed = commit(*transaction, one_order(transaction->snapshot(), 1));
    ASSERT_FALSE(committed.has_value());
    EXPECT_EQ(committed.error().kind, ErrorKind::retryable) << committed.error().detail;
    transaction.reset();
    proxy.go_on();

    // What has become of it is not known, but the stored outcome tells.
    const std::array commands{id(1)};
    transaction = must(slow->begin(commands, kApples, soon()));
    if (transaction->outcomes().empty())
        must(commit(*transaction, one_order(transaction->snapshot(), 1)));
    transaction.reset();
    EXPECT_EQ(must(queries().item(kApple))->held, 1);
}

TEST_F(PostgresTrouble, ASessionOnAServerThatCannotWriteIsGivenUpForOneThatCan) {
    // As when a session is made while a standby has the name of the server.
    const auto set_read_only = [this](const std::string& value) {
        server().execute(
            "BEGIN READ WRITE; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET "
            "default_transaction_read_only = " +
            value + "', current_database()); END $$; COMMIT");
    };
    set_read_only("on");
    EXPECT_GE(server().end_sessions("trouble"), 1);
    const auto refused = store().begin({}, kApples, soon());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorKind::retryable) << refused.error().detail;
    EXPECT_NE(refused.error().detail.find("25006"), std::string::npos) << refused.error().detail;
    set_read_only("off");
    must(write(store(), kApples, [](const auto& snapshot) { return one_order(snapshot, 1); }));
}

TEST_F(PostgresTrouble, WhatTheStoreLacksIsNoFaultOfACommand) {
    // Each fails at the commit, as after an incomplete restore, and is set right meanwhile.
    struct Case {
        const char* breaks;
        const char* mends;
    };
    for (const auto& [breaks, mends] : {
             Case{"REVOKE INSERT ON outcomes FROM stockroom_service",
                  "GRANT INSERT ON outcomes TO stockroom_service"},
             Case{"ALTER TABLE order_lines RENAME TO lines",
                  "ALTER TABLE lines RENAME TO order_lines"},
             Case{"ALTER TABLE log RENAME data TO facts", "ALTER TABLE log RENAME facts TO data"},
         }) {
        server().execute(std::string("SET search_path = stockroom; ") + breaks);
        const auto refused =
            write(store(), kApples, [](const auto& snapshot) { return one_order(snapshot, 1); });
        EXPECT_FALSE(refused.has_value()) << breaks;
        if (!refused)
            EXPECT_EQ(refused.error().kind, ErrorKind::retryable) << refused.error().detail;
        server().execute(std::string("SET search_path = stockroom; ") + mends);
    }
    must(write(store(), kApples, [](const auto& snapshot) { return one_order(snapshot, 1); }));
}

TEST_F(PostgresTrouble, LocationsAreReadAnewInANewSession) {
    must(store().begin({}, kApples, soon())).reset();
    // A standby that lacks the last commits has become the server: the same version, another past.
    server().execute("UPDATE stockroom.locations SET name = 'Elsewhere'");
    EXPECT_GE(server().end_sessions("trouble"), 1);
    const auto transaction = must(store().begin({}, kApples, soon()));
    const auto* main = transaction->snapshot().find_location(domain::LocationCode::main());
    ASSERT_NE(main, nullptr);
    EXPECT_EQ(main->name, "Elsewhere");
}

TEST_F(PostgresTrouble, OfWritersThatLoadedTheSameLocationsOneIsInConflict) {
    const auto add = [](ports::Transaction& transaction, std::string_view name) {
        return commit(transaction, changing(location(name, 2, transaction.snapshot().now())));
    };
    const auto other = database().make_store();
    const auto first = must(store().begin({}, {}, soon()));
    const auto second = must(other->begin({}, {}, soon()));
    must(add(*first, "north"));
    const auto refused = add(*second, "south");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict) << refused.error().detail;

    // And who has them in memory sees that they have changed.
    const auto again = must(other->begin({}, {}, soon()));
    EXPECT_NE(again->snapshot().find_location(code("north")), nullptr);
    must(add(*again, "south"));
}

TEST_F(PostgresTrouble, StoresInParallelOverHotSkusNeitherDeadlockNorOversell) {
    constexpr int kStores = 4;
    constexpr int kRounds = 40;
    constexpr int kSkus = 8;
    const auto seed = std::random_device{}();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::vector<domain::Sku> skus;
    Batch start;
    const auto now = must(store().begin({}, {}, soon()))->snapshot().now();
    for (int i = 0; i < kSkus; ++i) {
        skus.push_back(sku("HOT" + std::to_string(i)));
        start += stocked(skus.back(), 1'000'000, now);
    }
    given(store(), start);

    std::atomic<int> held = 0;
    std::atomic<int> failures = 0;
    {
        std::vector<std::jthread> threads;
        for (int number = 0; number < kStores; ++number)
            threads.emplace_back([&, number] {
                std::mt19937 random(seed + static_cast<unsigned>(number));
                const auto own = database().make_store();
                for (int round = 0; round < kRounds; ++round) {
                    // Some SKUs, and sometimes an order of an earlier round, whose SKUs are others.
                    domain::Keys keys;
                    for (const auto& of : skus)
                        if (random() % 3 == 0) keys.skus.push_back(of);
                    if (round > 0 && random() % 2 == 0)
                        keys.orders.push_back(
                            id(number * kRounds +
                               static_cast<int>(random() % static_cast<unsigned>(round))));
                    const auto written = write(*own, keys, [&](const auto& snapshot) {
                        Batch batch = {};
                        if (keys.skus.empty()) return batch;
                        // Due at once, so that other batches must expire it with theirs.
                        batch += placed(reserved(id(number * kRounds + round), keys.skus,
                                                 snapshot.now(), snapshot.now()));
                        for (const auto& of : keys.skus) {
                            auto level =
                                snapshot.levels_of(of).at(domain::LocationCode::main()).state;
                            ++level.held;
                            ++level.version;
                            batch.changes.levels.push_back(level);
                        }
                        return batch;
                    });
                    if (written) {
                        held += static_cast<int>(keys.skus.size());
                    } else {
                        ++failures;
                        ADD_FAILURE() << written.error().detail;
                    }
                }
            });
    }
    EXPECT_EQ(failures.load(), 0);
    std::int64_t sum = 0;
    for (const auto& of : skus)
        sum += must(queries().item(of))->held;
    EXPECT_EQ(sum, held.load());
}

}  // namespace stockroom::conformance
