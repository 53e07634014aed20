#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

using domain::OrderTotals;

constexpr std::chrono::minutes kMinute{1};

/// An order of one line.
Batch ordered(int number, domain::Quantity quantity, std::int64_t price, base::Time at,
              domain::OrderState state = domain::OrderState::reserved) {
    auto view = reserved(id(number), {sku("IB1")}, at, at.plus(std::chrono::hours(1)));
    view.order.state = state;
    view.order.lines[0].quantity = quantity;
    view.order.execution_price = base::Money::from_minor(price);
    if (state == domain::OrderState::rejected) view.hold.reset();
    return placed(view);
}

OrderTotals totals(std::int64_t processed, std::int64_t rejected, std::int64_t units,
                   std::int64_t price) {
    return {.processed = processed,
            .rejected = rejected,
            .units = base::Total(units),
            .execution_price = base::Total(price)};
}

OrderTotals totals_of(ports::Queries& queries, const ports::OrderSpan& span = {}) {
    return must(queries.order_statistics(span)).totals;
}

/// Of a store in which all is right.
void expect_counted(StoreUnderTest& under_test, std::size_t minutes) {
    std::size_t seen = 0;
    must(under_test.make_audit_source()->statistics([&seen](const ports::StatisticsAudit& row) {
        ++seen;
        EXPECT_TRUE(row.exists) << row.minute;
        EXPECT_EQ(row.kept, row.counted) << row.minute;
    }));
    EXPECT_EQ(seen, minutes);
}

base::Time start_of_minute(base::Time time) {
    return base::Time::from_microseconds(time.microseconds() - time.microseconds() % 60'000'000);
}

}  // namespace

TEST_P(StoreSuite, StatisticsOfAnEmptyStoreAreZero) {
    EXPECT_EQ(totals_of(queries()), OrderTotals{});
    EXPECT_EQ(totals_of(queries()).average_execution_price(), base::Total());
    EXPECT_EQ(totals_of(queries(), {.since = {}, .until = {}, .window = std::chrono::hours(1)}),
              OrderTotals{});
    expect_counted(under_test(), 0);
}

TEST_P(StoreSuite, StatisticsCountOrdersOnceWhateverBecomesOfThem) {
    const auto at = now();
    Batch batch = ordered(1, 3, 750, at);
    batch += ordered(2, 1, 250, at);
    batch += ordered(3, 90, 9'000, at, domain::OrderState::rejected);
    given(store(), batch);
    EXPECT_EQ(totals_of(queries()), totals(2, 1, 4, 1'000));
    EXPECT_EQ(totals_of(queries()).average_execution_price(), base::Total(500));

    auto order = must(queries().order(id(1)))->order;
    order.state = domain::OrderState::cancelled;
    order.version = 2;
    given(store(), changing(order));
    given(store(), ordered(4, 2, 501, at));
    EXPECT_EQ(totals_of(queries()), totals(3, 1, 6, 1'501));
    expect_counted(under_test(), 1);
}

TEST_P(StoreSuite, StatisticsOfASpanAreOfWholeMinutes) {
    const auto first = start_of_minute(now());
    given(store(), ordered(1, 1, 100, first));
    given(store(), ordered(2, 10, 1'000, first.plus(kMinute * 5)));
    given(store(), ordered(3, 1, 1, first.plus(kMinute * 5), domain::OrderState::rejected));
    given(store(), ordered(4, 100, 10'000, first.plus(kMinute * 6)));
    // Later than the last one, of an earlier minute, and of one that has none yet.
    given(store(), ordered(5, 1'000, 100'000, first.plus(kMinute * 5)));
    given(store(), ordered(6, 10'000, 1'000'000, first.plus(kMinute * 3)));

    const auto last_moment = std::chrono::microseconds(59'999'999);
    const auto span = [&](int since, int until) {
        return totals_of(queries(), {.since = first.plus(kMinute * since + last_moment),
                                     .until = first.plus(kMinute * until + last_moment),
                                     .window = {}});
    };
    EXPECT_EQ(totals_of(queries()), totals(5, 1, 11'111, 1'111'100));
    EXPECT_EQ(span(0, 7), totals(5, 1, 11'111, 1'111'100));
    EXPECT_EQ(span(0, 6), totals(4, 1, 11'011, 1'101'100));
    EXPECT_EQ(span(0, 1), totals(1, 0, 1, 100));
    EXPECT_EQ(span(1, 5), totals(1, 0, 10'000, 1'000'000));
    EXPECT_EQ(span(5, 6), totals(2, 1, 1'010, 101'000));
    EXPECT_EQ(span(6, 60), totals(1, 0, 100, 10'000));
    EXPECT_EQ(span(7, 60), OrderTotals{});
    EXPECT_EQ(span(-60, 0), OrderTotals{});
    EXPECT_EQ(span(5, 5), OrderTotals{});
    EXPECT_EQ(span(6, 1), OrderTotals{});
    const auto since = must(queries().order_statistics(
        {.since = first.plus(kMinute * 5 + last_moment), .until = {}, .window = {}}));
    EXPECT_EQ(since.totals, totals(3, 1, 1'110, 111'000));
    EXPECT_EQ(since.since, first.plus(kMinute * 5));
    EXPECT_FALSE(since.until);
    const auto until = must(queries().order_statistics(
        {.since = {}, .until = first.plus(kMinute + last_moment), .window = {}}));
    EXPECT_EQ(until.totals, totals(1, 0, 1, 100));
    EXPECT_EQ(until.until, first.plus(kMinute));
    expect_counted(under_test(), 4);
}

TEST_P(StoreSuite, StatisticsOfAWindowGoBackFromTheStoresClock) {
    const auto at = now();
    given(store(), ordered(1, 1, 100, at.plus(-kMinute * 90)));
    given(store(), ordered(2, 10, 1'000, at.plus(-kMinute * 2)));
    const auto window = [&](std::chrono::seconds back) {
        return must(queries().order_statistics({.since = {}, .until = {}, .window = back}));
    };
    EXPECT_EQ(window(std::chrono::hours(1)).totals, totals(1, 0, 10, 1'000));
    EXPECT_EQ(window(std::chrono::hours(2)).totals, totals(2, 0, 11, 1'100));
    const auto since = window(std::chrono::hours(1)).since;
    ASSERT_TRUE(since);
    EXPECT_EQ(*since, start_of_minute(*since));
    EXPECT_GE(*since, start_of_minute(at).plus(-std::chrono::hours(1)));
}

TEST_P(StoreSuite, StatisticsDoNotOverflow) {
    constexpr auto kLargest = std::numeric_limits<std::int64_t>::max();
    const auto at = now();
    for (int number = 1; number <= 3; ++number)
        given(store(), ordered(number, domain::kMaxQuantity, kLargest, at));
    const auto found = totals_of(queries());
    EXPECT_EQ(found.execution_price.to_string(), "27670116110564327421");
    EXPECT_EQ(found.units.to_string(), "27021597764222973");
    EXPECT_EQ(found.average_execution_price(), base::Total(kLargest));
    expect_counted(under_test(), 1);
}

TEST_P(StoreSuite, WhatIsNotCommittedIsNotCounted) {
    const auto at = now();
    given(store(), ordered(1, 1, 100, at));
    EXPECT_FALSE(
        write(store(), {.orders = {id(2)}, .skus = {sku("IB1")}}, [&](const domain::Snapshot&) {
            Batch batch = ordered(2, 1, 100, at);
            batch += ordered(1, 1, 100, at);  // its outcome is there already
            batch.changes.orders.pop_back();
            batch.changes.holds.pop_back();
            return batch;
        }).has_value());
    EXPECT_EQ(totals_of(queries()), totals(1, 0, 1, 100));
    expect_counted(under_test(), 1);
}

TEST_P(StoreSuite, StatisticsOfManyWritersMissNothing) {
    constexpr int kWriters = 4;
    constexpr int kBatches = 25;
    const auto first = start_of_minute(now());
    std::vector<std::unique_ptr<ports::Store>> stores;
    for (int writer = 0; writer < kWriters; ++writer)
        stores.push_back(under_test().make_store());
    {
        std::vector<std::jthread> writers;
        for (int writer = 0; writer < kWriters; ++writer)
            writers.emplace_back([&, writer] {
                for (int batch = 0; batch < kBatches; ++batch) {
                    const int number = 1 + (writer * kBatches + batch) * 2;
                    // Each at its own pace through the minutes.
                    Batch two = ordered(number, 1, 100, first.plus(kMinute * (batch / 5)));
                    two += ordered(number + 1, 2, 200, first.plus(kMinute * (batch / 5)));
                    given(*stores[static_cast<std::size_t>(writer)], two);
                }
            });
    }
    constexpr int kOrders = kWriters * kBatches;
    EXPECT_EQ(totals_of(queries()), totals(kOrders * 2, 0, kOrders * 3, kOrders * 300));
    expect_counted(under_test(), kBatches / 5);
}

}  // namespace stockroom::conformance
