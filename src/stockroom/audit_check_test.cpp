#include "audit_check.hpp"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom {
namespace {

using ports::Error;
using testing::IsEmpty;

/// Rows as a store would give them: of a day on which all went well, until a test changes them.
class Rows final : public ports::AuditSource {
  public:
    std::vector<ports::LevelAudit> level_rows;
    std::vector<ports::HoldLineAudit> hold_line_rows;
    std::vector<ports::OrderLineAudit> order_line_rows;
    std::vector<ports::OrderAudit> order_rows;
    std::vector<ports::VersionAudit> version_rows;
    std::vector<ports::StatisticsAudit> statistics_rows;
    std::vector<ports::EventAudit> event_rows;
    std::int64_t head = 0;

    void log(std::string type, std::string key, std::int64_t version) {
        event_rows.push_back({.position = ++head,
                              .type = std::move(type),
                              .key = std::move(key),
                              .version = version,
                              .has_actor = true,
                              .has_outcome = true});
    }

    std::expected<void, Error> levels(
        const std::function<void(const ports::LevelAudit&)>& visit) override {
        return give(level_rows, visit);
    }
    std::expected<void, Error> hold_lines(
        const std::function<void(const ports::HoldLineAudit&)>& visit) override {
        return give(hold_line_rows, visit);
    }
    std::expected<void, Error> order_lines(
        const std::function<void(const ports::OrderLineAudit&)>& visit) override {
        return give(order_line_rows, visit);
    }
    std::expected<void, Error> orders(
        const std::function<void(const ports::OrderAudit&)>& visit) override {
        return give(order_rows, visit);
    }
    std::expected<void, Error> versions(
        const std::function<void(const ports::VersionAudit&)>& visit) override {
        return give(version_rows, visit);
    }
    std::expected<void, Error> statistics(
        const std::function<void(const ports::StatisticsAudit&)>& visit) override {
        return give(statistics_rows, visit);
    }
    std::expected<void, Error> events(
        const std::function<void(const ports::EventAudit&)>& visit) override {
        return give(event_rows, visit);
    }
    std::expected<std::int64_t, Error> log_head() override { return head; }

  private:
    template <typename Row>
    std::expected<void, Error> give(const std::vector<Row>& rows,
                                    const std::function<void(const Row&)>& visit) {
        for (const Row& row : rows)
            visit(row);
        return {};
    }
};

/// 50 came in; order "a" holds 3 of them, confirmed; of the 5 of order "b" 2 were shipped and 1
/// came back; "c" was rejected; the 4 of "d" expired; the 1 of "e" was cancelled; the 6 of "f"
/// shipped.
Rows a_good_day() {
    Rows rows;
    rows.level_rows = {{.sku = "IB1",
                        .location = "main",
                        .exists = true,
                        .on_hand = 43,
                        .held = 6,
                        .version = 20,
                        .moved = 43,
                        .open_lines = 6}};
    const auto line = [&rows](std::string order, std::string state, std::string order_state,
                              std::int64_t quantity, std::int64_t posted, std::int64_t voided) {
        rows.hold_line_rows.push_back({.hold = std::move(order),
                                       .sku = "IB1",
                                       .location = "main",
                                       .state = std::move(state),
                                       .quantity = quantity,
                                       .posted = posted,
                                       .voided = voided,
                                       .order_state = std::move(order_state),
                                       .ordered = quantity,
                                       .shipped = posted});
    };
    line("a", "committed", "confirmed", 3, 0, 0);
    line("b", "committed", "partially_fulfilled", 5, 2, 0);
    line("d", "expired", "expired", 4, 0, 4);
    line("e", "ended", "cancelled", 1, 0, 1);
    line("f", "ended", "fulfilled", 6, 6, 0);
    const auto order = [&rows](const std::string& id, std::string state, std::string hold_state,
                               std::int64_t quantity, std::int64_t posted, std::int64_t voided,
                               std::int64_t returned, const std::vector<std::string>& events) {
        const std::int64_t allocated = hold_state.empty() ? 0 : quantity;
        rows.order_rows.push_back({.order = id,
                                   .state = std::move(state),
                                   .version = static_cast<std::int64_t>(events.size()),
                                   .execution_price = quantity * 250,
                                   .hold_state = std::move(hold_state),
                                   .ordered = quantity,
                                   .returned = returned,
                                   .hold_quantity = allocated,
                                   .posted = posted,
                                   .voided = voided});
        rows.order_line_rows.push_back({.order = id,
                                        .sku = "IB1",
                                        .quantity = quantity,
                                        .unit_price = 250,
                                        .returned = returned,
                                        .allocated = allocated,
                                        .came_back = returned});
        std::int64_t version = 0;
        for (const std::string& event : events)
            rows.log("order." + event, "order/" + id, ++version);
    };
    rows.log("item.created", "item/IB1", 1);
    rows.log("location.created", "location/north", 1);
    rows.log("stock.received", "movement/m1", 1);
    rows.log("level.changed", "level/IB1/main", 1);
    order("a", "confirmed", "committed", 3, 0, 0, 0, {"reserved", "confirmed"});
    order("b", "partially_fulfilled", "committed", 5, 2, 0, 1,
          {"reserved", "confirmed", "partially_fulfilled", "returned"});
    order("c", "rejected", "", 99, 0, 0, 0, {"rejected"});
    order("d", "expired", "expired", 4, 0, 4, 0, {"reserved", "expired"});
    order("e", "cancelled", "ended", 1, 0, 1, 0, {"confirmed", "cancelled"});
    order("f", "fulfilled", "ended", 6, 6, 0, 0, {"fulfilled"});
    rows.log("level.changed", "level/IB1/main", 20);
    rows.version_rows = {{.key = "item/IB1", .version = 1},
                         {.key = "location/main", .version = 1},
                         {.key = "location/north", .version = 1}};
    const domain::OrderTotals upto{.processed = 5,
                                   .rejected = 1,
                                   .units = base::Total(19),
                                   .execution_price = base::Total(4'750)};
    rows.statistics_rows = {{.minute = 29'395'320, .exists = true, .kept = {}, .counted = {}},
                            {.minute = 29'395'321, .exists = true, .kept = upto, .counted = upto}};
    return rows;
}

std::vector<std::string> findings_of(Rows& rows) {
    const auto report = check_books(rows);
    EXPECT_TRUE(report.has_value());
    std::vector<std::string> texts;
    for (const AuditFinding& finding : report->findings)
        texts.push_back(std::to_string(finding.invariant) + " " + std::string(finding.what) + " " +
                        finding.key + ": " + finding.detail);
    EXPECT_EQ(report->is_ok(), texts.empty());
    return texts;
}

TEST(AuditCheck, FindsNothingOnAGoodDay) {
    Rows rows = a_good_day();
    EXPECT_THAT(findings_of(rows), IsEmpty());
    const auto report = check_books(rows);
    EXPECT_EQ(report->levels, 1);
    EXPECT_EQ(report->hold_lines, 5);
    EXPECT_EQ(report->orders, 6);
    EXPECT_EQ(report->order_lines, 6);
    EXPECT_EQ(report->events, 17);
    EXPECT_EQ(report->minutes, 2);
}

struct Tampering {
    std::string name;
    std::function<void(Rows&)> tamper;
    std::vector<std::string> findings;
};

class AuditTampering : public testing::TestWithParam<Tampering> {};

TEST_P(AuditTampering, IsNamed) {
    Rows rows = a_good_day();
    GetParam().tamper(rows);
    EXPECT_THAT(findings_of(rows), testing::ElementsAreArray(GetParam().findings));
}

const Tampering level_cases[] = {
    {"on_hand",
     [](Rows& rows) { rows.level_rows[0].on_hand = 42; },
     {"2 level IB1 at main: on_hand is 42, the ledger sums to 43"}},
    {"negative",
     [](Rows& rows) {
         rows.level_rows[0].on_hand = rows.level_rows[0].moved = -1;
         rows.level_rows[0].held = rows.level_rows[0].open_lines = -2;
     },
     {"1 level IB1 at main: on_hand is -1", "1 level IB1 at main: held is -2"}},
    {"held",
     [](Rows& rows) { rows.level_rows[0].held = 44; },
     {"1 level IB1 at main: held is 44, on_hand only 43",
      "2 level IB1 at main: held is 44, open holds hold 6"}},
    {"movement",
     [](Rows& rows) { rows.level_rows[0].moved = 44; },
     {"2 level IB1 at main: on_hand is 43, the ledger sums to 44"}},
    {"version",
     [](Rows& rows) { rows.level_rows[0].version = 21; },
     {"6 level IB1 at main: its version is 21, its last event's is 20"}},
    {"gone",
     [](Rows& rows) { rows.level_rows[0].exists = false; },
     {"2 level IB1 at main: there is none, but the ledger sums to 43 and open holds to 6",
      "6 log level/IB1/main: it has events, but no row"}},
    {"without_event",
     [](Rows& rows) {
         rows.level_rows.push_back({.sku = "IB2", .location = "main", .version = 1});
     },
     {"6 level IB2 at main: the log has no event of it"}},
};

const Tampering hold_cases[] = {
    {"quantity",
     [](Rows& rows) { rows.hold_line_rows[0].quantity = 4; },
     {"2 hold_line IB1 at main of hold a: it takes 4, its order's lines have 3"}},
    {"posted",
     [](Rows& rows) { rows.hold_line_rows[1].posted = 3; },
     {"2 hold_line IB1 at main of hold b: it has posted 3, the ledger shipped 2"}},
    {"voided",
     [](Rows& rows) { rows.hold_line_rows[0].voided = 1; },
     {"5 hold_line IB1 at main of hold a: it holds 2 of 3, its order is confirmed"}},
    {"voided_of_partial",
     [](Rows& rows) { rows.hold_line_rows[1].voided = 1; },
     {"5 hold_line IB1 at main of hold b: it has voided 1, its order is partially_fulfilled"}},
    {"not_given_back",
     [](Rows& rows) { rows.hold_line_rows[2].voided = 3; },
     {"5 hold_line IB1 at main of hold d: it has voided 3 of 4, its order is expired"}},
    {"still_held",
     [](Rows& rows) { rows.hold_line_rows[4].quantity = rows.hold_line_rows[4].ordered = 7; },
     {"5 hold_line IB1 at main of hold f: it holds 1, its order is fulfilled"}},
    {"too_much",
     [](Rows& rows) { rows.hold_line_rows[4].voided = 1; },
     {"2 hold_line IB1 at main of hold f: of 6 it has posted 6 and voided 1"}},
};

const Tampering order_cases[] = {
    {"state",
     [](Rows& rows) { rows.order_rows[0].state = "cancelled"; },
     {"5 order a: its state is cancelled, its events leave it confirmed",
      "5 order a: its state is cancelled, and its hold is committed"}},
    {"state_with_its_hold",
     [](Rows& rows) {
         rows.order_rows[4].state = "fulfilled";
         rows.order_rows[4].posted = 1;
     },
     {"5 order e: its state is fulfilled, its events leave it cancelled"}},
    {"version",
     [](Rows& rows) { rows.order_rows[0].version = 3; },
     {"6 order a: its version is 3, its last event's is 2"}},
    {"price",
     [](Rows& rows) { rows.order_rows[0].execution_price = 751; },
     {"5 order a: its execution price is 7.51, its lines come to 7.50"}},
    {"unit_price",
     [](Rows& rows) {
         rows.order_line_rows[0].unit_price = std::numeric_limits<std::int64_t>::max();
     },
     {"5 order a: its execution price is 7.50, its lines come to more than 64 bits hold"}},
    {"line",
     [](Rows& rows) { rows.order_line_rows[5].allocated = 5; },
     {"2 order_line IB1 of order f: quantity is 6, its hold's lines have 5"}},
    {"lines",
     [](Rows& rows) { rows.order_rows[5].hold_quantity = 7; },
     {"2 order f: its lines have 6, its hold's lines 7"}},
    {"returned",
     [](Rows& rows) { rows.order_line_rows[1].returned = 2; },
     {"2 order_line IB1 of order b: returned is 2, the ledger has 1 back"}},
    {"returned_more_than_shipped",
     [](Rows& rows) { rows.order_rows[1].returned = 3; },
     {"5 order b: 3 came back, and 2 were shipped"}},
    {"rejected_and_returned",
     [](Rows& rows) { rows.order_rows[2].returned = 1; },
     {"5 order c: it is rejected, and 1 came back"}},
    {"rejected_with_a_hold",
     [](Rows& rows) { rows.order_rows[2].hold_state = "pending"; },
     {"5 order c: its state is rejected, and its hold is pending"}},
    {"hold_gone",
     [](Rows& rows) { rows.order_rows[0].hold_state = ""; },
     {"5 order a: its state is confirmed, and there is no hold"}},
    {"partial_but_nothing_left",
     [](Rows& rows) { rows.order_rows[1].posted = 5; },
     {"5 order b: it is partially_fulfilled, and 5 of 5 were shipped"}},
    {"fulfilled_but_nothing_shipped",
     [](Rows& rows) { rows.order_rows[5].posted = 0; },
     {"5 order f: it is fulfilled, and nothing was shipped"}},
    {"gone",
     [](Rows& rows) {
         rows.order_rows.erase(rows.order_rows.begin() + 2);
         rows.order_line_rows.erase(rows.order_line_rows.begin() + 2);
     },
     {"6 log order/c: it has events, but no row"}},
    {"item_version",
     [](Rows& rows) { rows.version_rows[0].version = 2; },
     {"6 row item/IB1: its version is 2, its last event's is 1"}},
};

const Tampering log_cases[] = {
    {"event_gone",
     [](Rows& rows) { rows.event_rows.erase(rows.event_rows.begin() + 2); },
     {"6 log position 4: position 3 is missing before it"}},
    {"events_gone",
     [](Rows& rows) {
         rows.event_rows.erase(rows.event_rows.begin() + 5, rows.event_rows.begin() + 8);
     },
     {"6 log position 9: positions 6 to 8 are missing before it",
      "6 log position 9: order/b has version 3 after version 0",
      "5 log position 9: order.partially_fulfilled happens to order/b, which is nothing",
      "6 order a: its version is 2, its last event's is 1",
      "5 order a: its state is confirmed, its events leave it reserved"}},
    {"last_event_gone",
     [](Rows& rows) { rows.event_rows.pop_back(); },
     {"6 log head: says that position 17 is the last, the last event has 16",
      "6 level IB1 at main: its version is 20, its last event's is 1"}},
    {"version",
     [](Rows& rows) { rows.event_rows[4].version = 2; },
     {"6 log position 5: order/a has version 2 after version 0",
      "6 log position 6: order/a has version 2 after version 2"}},
    {"level_version",
     [](Rows& rows) { rows.event_rows[3].version = 20; },
     {"6 log position 17: level/IB1/main has version 20 after version 20"}},
    {"type",
     [](Rows& rows) { rows.event_rows[5].type = "order.cancelled"; },
     {"5 order a: its state is confirmed, its events leave it cancelled"}},
    {"wrong_way",
     [](Rows& rows) { rows.event_rows[4].type = "order.rejected"; },
     {"5 log position 6: order.confirmed happens to order/a, which is rejected"}},
    {"foreign_type",
     [](Rows& rows) { rows.event_rows[4].type = "item.created"; },
     {"5 log position 5: item.created happens to order/a, which is nothing"}},
    {"returned_too_early",
     [](Rows& rows) { rows.event_rows[5].type = "order.returned"; },
     {"5 log position 6: order.returned happens to order/a, which is reserved",
      "5 order a: its state is confirmed, its events leave it reserved"}},
    {"no_actor",
     [](Rows& rows) { rows.event_rows[0].has_actor = false; },
     {"5 log position 1: item.created of item/IB1 has no actor"}},
    {"no_outcome",
     [](Rows& rows) { rows.event_rows[0].has_outcome = false; },
     {"6 log position 1: item.created of item/IB1 is of a command without an outcome"}},
};

const Tampering statistics_cases[] = {
    {"price",
     [](Rows& rows) { rows.statistics_rows[1].kept.execution_price = base::Total(4'751); },
     {"8 statistics 2025-11-21T10:01:00.000000Z: up to this minute 5 processed, 1 rejected, 19 "
      "units, 47.51, a count of the orders gives 5 processed, 1 rejected, 19 units, 47.50"}},
    {"rejected",
     [](Rows& rows) { rows.statistics_rows[0].kept.rejected = 1; },
     {"8 statistics 2025-11-21T10:00:00.000000Z: up to this minute 0 processed, 1 rejected, 0 "
      "units, 0.00, a count of the orders gives 0 processed, 0 rejected, 0 units, 0.00"}},
    {"minute_gone",
     [](Rows& rows) { rows.statistics_rows[0].exists = false; },
     {"8 statistics 2025-11-21T10:00:00.000000Z: up to this minute there is none, a count of the "
      "orders gives 0 processed, 0 rejected, 0 units, 0.00"}},
};

std::string name_of(const testing::TestParamInfo<Tampering>& info) {
    return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Level, AuditTampering, testing::ValuesIn(level_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Hold, AuditTampering, testing::ValuesIn(hold_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Order, AuditTampering, testing::ValuesIn(order_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Statistics, AuditTampering, testing::ValuesIn(statistics_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Log, AuditTampering, testing::ValuesIn(log_cases), name_of);

TEST(AuditCheck, ShowsTheFirstFindingsAndCountsTheRest) {
    Rows rows;
    for (int i = 0; i < 130; ++i) {
        const std::string sku = "S" + std::to_string(i);
        rows.level_rows.push_back({.sku = sku, .location = "main", .on_hand = 1, .version = 1});
        rows.log("level.changed", "level/" + sku + "/main", 1);
    }
    const auto report = check_books(rows);
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->findings.size(), AuditReport::kFindingsMax);
    EXPECT_EQ(report->findings_total, 130U);
    EXPECT_THAT(to_text(*report), testing::HasSubstr("\nand 30 more\nNOT RIGHT: 130 levels"));
}

TEST(AuditCheck, WritesJson) {
    Rows rows;
    rows.level_rows.push_back(
        {.sku = "a\"b", .location = "main", .on_hand = 49, .version = 1, .moved = 50});
    rows.log("level.changed", "level/a\"b/main", 1);
    const auto report = check_books(rows);
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(
        to_json(*report),
        R"({"ok":false,"checked":{"levels":1,"hold_lines":0,"orders":0,"order_lines":0,)"
        R"("events":1,"minutes":0},"findings":[{"invariant":2,"what":"level","key":"a\"b at main",)"
        R"("detail":"on_hand is 49, the ledger sums to 50"}],"findings_total":1})");
}

}  // namespace
}  // namespace stockroom
