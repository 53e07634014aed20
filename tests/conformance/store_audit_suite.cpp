#include <vector>

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

const domain::Sku kApple = sku("IB1");

/// Stock of 10, one order of one unit that is reserved, one that was shipped, one returned.
Batch a_day(base::Time now) {
    const auto later = now.plus(std::chrono::hours(1));
    Batch batch;
    batch.changes.items.push_back(item(kApple, now));
    batch.changes.levels.push_back(level(kApple, 9, 1));
    auto shipment = movement(kApple, -1, id(2), now);
    shipment.kind = domain::MovementKind::shipment;
    shipment.order = id(2);
    auto came_back = movement(kApple, 1, id(5), now);
    came_back.kind = domain::MovementKind::customer_return;
    came_back.order = id(2);
    batch.changes.movements = {movement(kApple, 9, id(9), now), shipment, came_back};
    auto first = placed(reserved(id(1), {kApple}, now, later));
    first.events[0].command = id(1);
    auto shipped = reserved(id(2), {kApple}, now, later);
    shipped.order.state = domain::OrderState::fulfilled;
    shipped.order.version = 3;
    shipped.order.lines[0].returned = 1;
    shipped.hold->state = domain::HoldState::ended;
    shipped.hold->expires_at.reset();
    shipped.hold->lines[0].posted = 1;
    auto second = placed(shipped);
    second.events[0].command = id(77);
    second.events[0].actor = "";
    auto rejected = reserved(id(3), {kApple}, now, later);
    rejected.order.state = domain::OrderState::rejected;
    rejected.hold.reset();
    batch += first;
    batch += second;
    batch += placed(rejected);
    return batch;
}

template <typename Row, typename Read>
std::vector<Row> read_all(ports::AuditSource& source, Read read) {
    std::vector<Row> rows;
    must((source.*read)([&rows](const Row& row) { rows.push_back(row); }));
    return rows;
}

}  // namespace

TEST_P(StoreSuite, TheAuditSeesLevelsBesideLedgerAndHolds) {
    given(store(), a_day(now()));
    // Neither of these has a level.
    Batch strays;
    strays.changes.movements.push_back(movement(sku("stray"), 4, id(8), now()));
    strays += placed(reserved(id(4), {sku("held")}, now(), now().plus(std::chrono::hours(1))));
    given(store(), strays);

    const auto source = under_test().make_audit_source();
    const auto levels = read_all<ports::LevelAudit>(*source, &ports::AuditSource::levels);
    ASSERT_EQ(levels.size(), 3U);
    EXPECT_EQ(levels[0].sku, "IB1");
    EXPECT_EQ(levels[0].location, "main");
    EXPECT_TRUE(levels[0].exists);
    EXPECT_EQ(levels[0].on_hand, 9);
    EXPECT_EQ(levels[0].held, 1);
    EXPECT_EQ(levels[0].version, 1);
    EXPECT_EQ(levels[0].moved, 9);
    EXPECT_EQ(levels[0].open_lines, 1);
    EXPECT_EQ(levels[1].sku, "held");
    EXPECT_FALSE(levels[1].exists);
    EXPECT_EQ(levels[1].open_lines, 1);
    EXPECT_EQ(levels[2].sku, "stray");
    EXPECT_FALSE(levels[2].exists);
    EXPECT_EQ(levels[2].moved, 4);
}

TEST_P(StoreSuite, TheAuditSeesOrdersAndTheirHoldLines) {
    given(store(), a_day(now()));
    const auto source = under_test().make_audit_source();
    auto lines = read_all<ports::HoldLineAudit>(*source, &ports::AuditSource::hold_lines);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_LT(lines[0].hold, lines[1].hold);
    const auto& shipped = lines[lines[0].hold == id(2).to_string() ? 0 : 1];
    EXPECT_EQ(shipped.hold, id(2).to_string());
    EXPECT_EQ(shipped.sku, "IB1");
    EXPECT_EQ(shipped.location, "main");
    EXPECT_EQ(shipped.state, "ended");
    EXPECT_EQ(shipped.quantity, 1);
    EXPECT_EQ(shipped.posted, 1);
    EXPECT_EQ(shipped.voided, 0);
    EXPECT_EQ(shipped.order_state, "fulfilled");
    EXPECT_EQ(shipped.ordered, 1);
    EXPECT_EQ(shipped.shipped, 1);

    auto order_lines = read_all<ports::OrderLineAudit>(*source, &ports::AuditSource::order_lines);
    ASSERT_EQ(order_lines.size(), 3U);
    for (const auto& line : order_lines) {
        EXPECT_EQ(line.sku, "IB1");
        EXPECT_EQ(line.quantity, 1);
        const bool is_shipped = line.order == id(2).to_string();
        EXPECT_EQ(line.returned, is_shipped ? 1 : 0);
        EXPECT_EQ(line.came_back, is_shipped ? 1 : 0);
        EXPECT_EQ(line.allocated, line.order == id(3).to_string() ? 0 : 1);
    }

    const auto orders = read_all<ports::OrderAudit>(*source, &ports::AuditSource::orders);
    ASSERT_EQ(orders.size(), 3U);
    for (const auto& order : orders) {
        EXPECT_EQ(order.ordered, 1);
        if (order.order == id(2).to_string()) {
            EXPECT_EQ(order.state, "fulfilled");
            EXPECT_EQ(order.version, 3);
            EXPECT_EQ(order.hold_state, "ended");
            EXPECT_EQ(order.returned, 1);
            EXPECT_EQ(order.hold_quantity, 1);
            EXPECT_EQ(order.posted, 1);
            EXPECT_EQ(order.voided, 0);
        } else if (order.order == id(3).to_string()) {
            EXPECT_EQ(order.state, "rejected");
            EXPECT_EQ(order.hold_state, "");
            EXPECT_EQ(order.hold_quantity, 0);
        } else {
            EXPECT_EQ(order.state, "reserved");
            EXPECT_EQ(order.hold_state, "pending");
        }
    }
}

TEST_P(StoreSuite, TheAuditSeesTheVersionsOfItemsAndLocations) {
    given(store(), a_day(now()));
    const auto source = under_test().make_audit_source();
    const auto versions = read_all<ports::VersionAudit>(*source, &ports::AuditSource::versions);
    ASSERT_EQ(versions.size(), 2U);
    EXPECT_EQ(versions[0].key, "item/IB1");
    EXPECT_EQ(versions[0].version, 1);
    EXPECT_EQ(versions[1].key, "location/main");
}

TEST_P(StoreSuite, TheAuditSeesOneMomentOfALiveStore) {
    given(store(), a_day(now()));
    const auto source = under_test().make_audit_source();
    auto later = stocked(sku("later"), 5, now());
    later.events.push_back(event("later", 1, now()));
    given(store(), later);

    EXPECT_EQ(must(source->log_head()), 3);
    const auto events = read_all<ports::EventAudit>(*source, &ports::AuditSource::events);
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0].position, 1);
    EXPECT_EQ(events[0].type, "stock.adjusted");
    EXPECT_EQ(events[0].key, "order/" + id(1).to_string());
    EXPECT_EQ(events[0].version, 1);
    EXPECT_TRUE(events[0].has_actor);
    EXPECT_TRUE(events[0].has_outcome);
    EXPECT_FALSE(events[1].has_actor);
    EXPECT_FALSE(events[1].has_outcome);
    EXPECT_TRUE(events[2].has_outcome);  // by no command
    EXPECT_EQ(read_all<ports::LevelAudit>(*source, &ports::AuditSource::levels).size(), 1U);
    EXPECT_EQ(must(under_test().make_audit_source()->log_head()), 4);
}

}  // namespace stockroom::conformance
