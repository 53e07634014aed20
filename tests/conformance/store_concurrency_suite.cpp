#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

const domain::Sku kApple = sku("IB1");
const domain::Sku kPear = sku("IB2");

/// One unit more of both, as the levels say that were loaded.
Batch one_more(const domain::Snapshot& snapshot) {
    Batch batch;
    for (const auto& of : {kApple, kPear}) {
        auto level = snapshot.levels_of(of).at(domain::LocationCode::main()).state;
        ++level.on_hand;
        ++level.version;
        batch.events.push_back(event("level/" + of.text(), level.version, snapshot.now()));
        batch.changes.movements.push_back(movement(of, 1, id(1), snapshot.now()));
        batch.changes.levels.push_back(level);
    }
    return batch;
}

/// Reads the log in small steps until it has seen this many lines.
std::vector<ports::LoggedEvent> follow(ports::Queries& queries, std::int64_t position,
                                       std::int64_t until) {
    std::vector<ports::LoggedEvent> seen;
    while (position < until) {
        for (auto& logged : must(queries.events_after(position, 7))) {
            position = logged.position;
            seen.push_back(std::move(logged));
        }
    }
    return seen;
}

}  // namespace

TEST_P(StoreSuite, ConcurrentWritersLoseNoUpdateAndLogReadersSkipNothing) {
    constexpr int kWriters = 4;
    constexpr int kRounds = 50;
    constexpr std::int64_t kEvents = 2 * kWriters * kRounds;
    auto start = stocked(kApple, 1, now());
    start += stocked(kPear, 1, now());
    given(store(), start);

    std::vector<std::jthread> threads;
    for (int writer = 0; writer < kWriters; ++writer)
        threads.emplace_back([this] {
            const auto own = under_test().make_store();
            for (int round = 0; round < kRounds; ++round)
                write_until_done(*own, {.orders = {}, .skus = {kApple, kPear}}, one_more);
        });
    std::vector<std::vector<ports::LoggedEvent>> logs(3);
    for (std::size_t reader = 0; reader < logs.size(); ++reader)
        threads.emplace_back([this, reader, &logs] {
            const auto own = under_test().make_queries();
            logs[reader] = follow(*own, static_cast<std::int64_t>(reader) * 11, kEvents);
        });
    threads.clear();

    EXPECT_EQ(must(queries().item(kApple))->on_hand, 1 + kWriters * kRounds);
    EXPECT_EQ(must(queries().item(kPear))->on_hand, 1 + kWriters * kRounds);
    for (std::size_t reader = 0; reader < logs.size(); ++reader) {
        std::int64_t position = static_cast<std::int64_t>(reader) * 11;
        domain::Version version = 0;
        for (const auto& logged : logs[reader]) {
            ASSERT_EQ(logged.position, ++position);
            // In the order of the commits: versions of one key only grow.
            if (logged.event.key != "level/IB1") continue;
            ASSERT_GT(logged.event.version, version);
            version = logged.event.version;
        }
        EXPECT_EQ(position, kEvents);
    }
}

TEST_P(StoreSuite, OfWritersThatMakeTheSameThingOneDoes) {
    constexpr int kWriters = 4;
    std::atomic<int> made = 0;  // by how many writers
    {
        std::vector<std::jthread> threads;
        for (int writer = 0; writer < kWriters; ++writer)
            threads.emplace_back([this, &made] {
                const auto own = under_test().make_store();
                bool mine = false;
                write_until_done(*own, {.orders = {}, .skus = {kApple}},
                                 [&mine](const domain::Snapshot& snapshot) {
                                     mine = snapshot.find_item(kApple) == nullptr;
                                     return mine ? stocked(kApple, 5, snapshot.now()) : Batch{};
                                 });
                if (mine) ++made;
            });
    }
    EXPECT_EQ(made.load(), 1);
    EXPECT_EQ(must(queries().item(kApple))->on_hand, 5);
}

TEST_P(StoreSuite, ReadersDoNotWaitForAWriterNorSeeWhatIsNotCommitted) {
    given(store(), stocked(kApple, 5, now()));
    const auto transaction = must(store().begin({}, {.orders = {}, .skus = {kApple}}, soon()));
    auto changed = level(kApple, 6);
    changed.version = 2;
    transaction->snapshot().apply(changing(changed).changes);
    EXPECT_EQ(must(queries().item(kApple))->on_hand, 5);
    must(transaction->commit({.movements = {}, .outcomes = {}, .events = {}, .dead = {}}));
    EXPECT_EQ(must(queries().item(kApple))->on_hand, 6);
}

TEST_P(StoreSuite, GivesUpAtTheDeadlineWhileAnotherWriterHasTheRows) {
    given(store(), stocked(kApple, 5, now()));
    const domain::Keys keys{.orders = {}, .skus = {kApple}};
    auto holder = must(store().begin({}, keys, soon()));
    const auto other = under_test().make_store();
    for (const auto wait : {std::chrono::milliseconds(-1), std::chrono::milliseconds(20)}) {
        const auto refused = other->begin({}, keys, base::in(wait));
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, ports::ErrorKind::retryable) << refused.error().detail;
    }
    holder.reset();
    EXPECT_TRUE(other->begin({}, keys, soon()).has_value());
}

}  // namespace stockroom::conformance
