#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

const domain::Sku kApple = sku("IB1");
const domain::Sku kPear = sku("IB2");

constexpr auto kHour = std::chrono::hours(1);

/// More than a store loads at once.
constexpr int kManyDue = 2'500;

void given_many_due(ports::Store& store, base::Time now) {
    given(store, stocked(kApple, kManyDue, now));
    for (int first = 0; first < kManyDue; first += 500) {
        Batch batch;
        for (int number = first; number < first + 500; ++number)
            batch += placed(reserved(id(number), {kApple}, now, now));
        given(store, batch);
    }
}

}  // namespace

TEST_P(StoreSuite, DueOrdersComeEarliestFirst) {
    auto batch = stocked(kApple, 1000, now());
    const auto start = now();
    const auto due_at = [start](int minutes) { return start.plus(-std::chrono::minutes(minutes)); };
    batch += placed(reserved(id(1), {kApple}, start, due_at(1)));
    batch += placed(reserved(id(2), {kApple}, start, due_at(3)));
    batch += placed(reserved(id(3), {kApple}, start, start.plus(kHour)));
    auto confirmed = reserved(id(4), {kApple}, start, due_at(5));
    confirmed.hold->state = domain::HoldState::committed;
    confirmed.hold->expires_at.reset();
    batch += placed(confirmed);
    batch += placed(reserved(id(5), {kApple}, start, due_at(2)));
    given(store(), batch);

    const auto due = must(queries().due_orders(10));
    ASSERT_EQ(due.size(), 3U);
    EXPECT_EQ(due[0].order, id(2));
    EXPECT_EQ(due[0].expires_at, due_at(3));
    EXPECT_EQ(due[1].order, id(5));
    EXPECT_EQ(due[2].order, id(1));
    EXPECT_EQ(must(queries().due_orders(1)).size(), 1U);
}

TEST_P(StoreSuite, LoadsWhatIsDueOnTheSkusAskedFor) {
    auto batch = stocked(kApple, 1000, now());
    batch += stocked(kPear, 1000, now());
    batch += stocked(sku("IB3"), 1000, now());
    const auto past = now();
    const auto due = reserved(id(1), {kPear, kApple}, past, past);
    const auto due_elsewhere = reserved(id(2), {kPear}, past, past);
    const auto not_due = reserved(id(3), {kApple}, past, past.plus(kHour));
    for (const auto& view : {due, due_elsewhere, not_due})
        batch += placed(view);
    given(store(), batch);

    const auto transaction = must(store().begin({}, {.orders = {}, .skus = {kApple}}, soon()));
    const auto& snapshot = transaction->snapshot();
    EXPECT_EQ(snapshot.due_holds(kApple), std::vector{id(1)});
    EXPECT_EQ(*snapshot.find_hold(id(1)), *due.hold);
    EXPECT_EQ(*snapshot.find_order(id(1)), due.order);
    EXPECT_NE(snapshot.find_item(kPear), nullptr);
    EXPECT_EQ(snapshot.levels_of(kPear).size(), 1U);
    EXPECT_EQ(snapshot.find_hold(id(3)), nullptr);
    EXPECT_FALSE(snapshot.more_due());
}

TEST_P(StoreSuite, LoadsNothingThatIsDueOnOtherSkusOnly) {
    // Each order shares one SKU with the one before it and another with the one after it.
    constexpr int kOrders = 30;
    const auto link = [](int number) { return sku("L" + std::to_string(number)); };
    Batch batch;
    for (int number = 0; number <= kOrders; ++number)
        batch += stocked(link(number), 1000, now());
    for (int number = 0; number < kOrders; ++number)
        batch += placed(reserved(id(number), {link(number), link(number + 1)}, now(), now()));
    given(store(), batch);

    const auto due_for = [this](const domain::Keys& keys) {
        const auto transaction = must(store().begin({}, keys, soon()));
        EXPECT_FALSE(transaction->snapshot().more_due());
        return transaction->snapshot().due_holds();
    };
    EXPECT_EQ(due_for({.orders = {}, .skus = {link(0)}}), std::vector{id(0)});
    EXPECT_EQ(due_for({.orders = {id(10)}, .skus = {}}), (std::vector{id(9), id(10), id(11)}));
}

TEST_P(StoreSuite, LoadsAnOrderWithItsHoldDueOrNot) {
    auto batch = stocked(kApple, 1000, now());
    batch += placed(reserved(id(1), {kApple}, now(), now().plus(kHour)));
    batch += placed(reserved(id(2), {kApple}, now(), now()));
    given(store(), batch);
    domain::Keys keys{.orders = {id(1), id(2), id(3)}, .skus = {}};
    std::ranges::sort(keys.orders);
    const auto transaction = must(store().begin({}, keys, soon()));
    const auto& snapshot = transaction->snapshot();
    EXPECT_NE(snapshot.find_hold(id(1)), nullptr);
    EXPECT_NE(snapshot.find_hold(id(2)), nullptr);
    EXPECT_EQ(snapshot.find_order(id(3)), nullptr);
    EXPECT_NE(snapshot.find_item(kApple), nullptr);
}

TEST_P(StoreSuite, OfVeryManyDueHoldsItLoadsSomeAtATime) {
    given_many_due(store(), now());
    std::size_t all = 0;
    bool more = true;
    for (int round = 0; more; ++round) {
        ASSERT_LT(round, kManyDue);
        write_until_done(store(), {.orders = {}, .skus = {kApple}},
                         [&](const domain::Snapshot& snapshot) {
                             more = snapshot.more_due();
                             auto batch = expired(snapshot, kApple);
                             EXPECT_TRUE(!batch.changes.holds.empty() || !more);
                             all += batch.changes.holds.size();
                             return batch;
                         });
    }
    EXPECT_EQ(all, static_cast<std::size_t>(kManyDue));
    EXPECT_TRUE(must(queries().due_orders(10)).empty());
}

TEST_P(StoreSuite, WritersAtOnceExpireEachOfVeryManyDueHoldsOnce) {
    given_many_due(store(), now());
    std::atomic<std::size_t> all = 0;
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < 3; ++writer)
        threads.emplace_back([this, &all] {
            const auto own = under_test().make_store();
            for (bool more = true; more;) {
                std::size_t count = 0;
                const auto expire = [&](const domain::Snapshot& snapshot) {
                    more = snapshot.more_due();
                    auto batch = expired(snapshot, kApple);
                    count = batch.changes.holds.size();
                    return batch;
                };
                write_until_done(*own, {.orders = {}, .skus = {kApple}}, expire);
                all += count;
            }
        });
    threads.clear();
    EXPECT_EQ(all, static_cast<std::size_t>(kManyDue));
    EXPECT_TRUE(must(queries().due_orders(10)).empty());
}

}  // namespace stockroom::conformance
