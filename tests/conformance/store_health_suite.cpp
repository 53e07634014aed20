#include <algorithm>
#include <functional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

using domain::Incident;
using domain::PartChange;
using domain::PartKind;
using domain::PartState;

Incident incident(int number, std::string part, base::Time at) {
    return {.id = id(number),
            .part = std::move(part),
            .kind = PartKind::service,
            .state = PartState::degraded,
            .cause = "it is slow: \"2 s\"",
            .started_at = at,
            .reported_at = at.plus(std::chrono::seconds(2)),
            .ended_at = std::nullopt};
}

/// As it is read again: without what is not kept.
PartChange change(domain::Version version, PartState state, base::Time at,
                  std::optional<Incident> with = std::nullopt, std::string part = "orders") {
    return {.part = std::move(part),
            .kind = PartKind::service,
            .state = state,
            .was = PartState::up,
            .cause = {},
            .at = at,
            .version = version,
            .incident = std::move(with)};
}

std::expected<void, ports::Error> write_parts(ports::Store& store,
                                              const std::vector<PartChange>& changes) {
    auto begun = store.begin({}, {}, soon());
    if (!begun) return std::unexpected(std::move(begun.error()));
    std::vector<ports::EventRecord> events;
    for (const PartChange& changed : changes)
        events.push_back(event("health/" + changed.part, changed.version, changed.at));
    return (*begun)->commit(
        {.movements = {}, .outcomes = {}, .events = events, .dead = {}, .parts = changes});
}

std::vector<Incident> incidents_of(ports::Queries& queries, std::size_t limit = 50) {
    return walk<Incident>(
        [&queries](const ports::PageRequest& page) { return queries.incidents(page); }, limit);
}

}  // namespace

TEST_P(StoreSuite, ANewStoreKnowsNoPartAndNoIncident) {
    EXPECT_TRUE(must(queries().parts()).empty());
    EXPECT_TRUE(incidents_of(queries()).empty());
}

TEST_P(StoreSuite, AnIncidentBeginsGoesOnAndEnds) {
    const auto at = now();
    auto slow = incident(1, "orders", at);
    must(write_parts(store(), {change(1, PartState::degraded, at, slow)}));
    EXPECT_EQ(must(queries().parts()), std::vector{change(1, PartState::degraded, at, slow)});
    EXPECT_EQ(incidents_of(queries()), std::vector{slow});

    slow.state = PartState::down;
    const auto later = at.plus(std::chrono::seconds(1));
    must(write_parts(store(), {change(2, PartState::down, later, slow)}));
    EXPECT_EQ(incidents_of(queries()), std::vector{slow});

    slow.ended_at = at.plus(std::chrono::seconds(5));
    must(write_parts(store(), {change(3, PartState::up, *slow.ended_at, slow)}));
    reopen();
    EXPECT_EQ(must(queries().parts()), std::vector{change(3, PartState::up, *slow.ended_at)});
    EXPECT_EQ(incidents_of(queries()), std::vector{slow});
}

TEST_P(StoreSuite, OfTwoWhoTellOfTheSamePartTheLaterConflicts) {
    const auto at = now();
    must(write_parts(store(), {change(1, PartState::down, at, incident(1, "orders", at))}));
    for (const domain::Version version : {1, 3}) {
        const auto again =
            write_parts(store(), {change(1, PartState::unknown, at, std::nullopt, "stock"),
                                  change(version, PartState::up, at, incident(2, "orders", at))});
        ASSERT_FALSE(again) << version;
        EXPECT_EQ(again.error().kind, ports::ErrorKind::conflict) << again.error().detail;
    }
    EXPECT_EQ(must(queries().parts()).size(), 1U) << "nothing of it was set down";
    EXPECT_EQ(incidents_of(queries()).size(), 1U);
    EXPECT_EQ(must(queries().log_head()), 1);
}

TEST_P(StoreSuite, ChangesOfOnePartFollowEachOtherInOneBatch) {
    const auto at = now();
    auto short_one = incident(1, "orders", at);
    const auto begun = change(1, PartState::down, at, short_one);
    short_one.ended_at = at.plus(std::chrono::seconds(9));
    must(write_parts(store(), {begun, change(2, PartState::up, *short_one.ended_at, short_one)}));
    EXPECT_EQ(must(queries().parts()), std::vector{change(2, PartState::up, *short_one.ended_at)});
    EXPECT_EQ(incidents_of(queries()), std::vector{short_one});
    EXPECT_EQ(must(queries().log_head()), 2);
}

TEST_P(StoreSuite, IncidentsAreListedNewestFirstPageByPage) {
    const auto at = now();
    std::vector<Incident> newest_first;
    for (int number = 1; number <= 5; ++number)
        newest_first.push_back(incident(number, "part-" + std::to_string(number), at));
    std::ranges::sort(newest_first, std::greater{}, &Incident::id);  // ids sort by time
    for (const auto& begun : newest_first | std::views::reverse)
        must(write_parts(store(), {change(1, PartState::down, at, begun, begun.part)}));
    for (const auto limit : {1UZ, 2UZ, 5UZ, 50UZ})
        EXPECT_EQ(incidents_of(queries(), limit), newest_first);
    for (const std::string cursor : {"x", "h", "h00", "hzz", "o31"}) {
        const auto page = queries().incidents({.cursor = cursor});
        ASSERT_FALSE(page) << cursor;
        EXPECT_TRUE(std::holds_alternative<ports::BadCursor>(page.error())) << cursor;
    }
    EXPECT_EQ(must(queries().parts()).front().part, "part-1");
}

}  // namespace stockroom::conformance
