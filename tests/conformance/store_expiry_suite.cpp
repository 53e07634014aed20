#include <algorithm>
#include <vector>

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

const domain::Sku kApple = sku("IB1");
const domain::Sku kPear = sku("IB2");

constexpr auto kHour = std::chrono::hours(1);

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
    constexpr int kOrders = 2'500;
    given(store(), stocked(kApple, kOrders, now()));
    for (int number = 0; number < kOrders; number += 500) {
        Batch batch;
        for (int i = number; i < number + 500; ++i)
            batch += placed(reserved(id(i), {kApple}, now(), now()));
        given(store(), batch);
    }
    std::size_t expired = 0;
    bool more = true;
    for (int round = 0; more; ++round) {
        ASSERT_LT(round, kOrders);
        const auto transaction = must(store().begin({}, {.orders = {}, .skus = {kApple}}, soon()));
        auto& snapshot = transaction->snapshot();
        more = snapshot.more_due();
        const auto due = snapshot.due_holds(kApple);
        ASSERT_TRUE(!due.empty() || !more);
        domain::Changes changes;
        for (const auto& hold_id : due) {
            auto hold = *snapshot.find_hold(hold_id);
            ASSERT_NE(snapshot.find_order(hold_id), nullptr);
            hold.state = domain::HoldState::expired;
            hold.expires_at.reset();
            hold.lines[0].voided = 1;
            changes.holds.push_back(hold);
        }
        expired += due.size();
        snapshot.apply(changes);
        must(transaction->commit({.movements = {}, .outcomes = {}, .events = {}, .dead = {}}));
    }
    EXPECT_EQ(expired, static_cast<std::size_t>(kOrders));
    EXPECT_TRUE(must(queries().due_orders(10)).empty());
}

}  // namespace stockroom::conformance
