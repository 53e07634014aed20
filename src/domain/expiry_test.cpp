#include "testing/world.hpp"

namespace stockroom::domain {
namespace {

using namespace testing;

World reserved() {
    return World().item("A", 5).item("B", 5).order(1, new_order({line("A", 3), line("B", 1)}));
}

World confirmed() {
    return reserved().after(ConfirmOrder{id(1), {}});
}

TEST(ExpireOrder, GivesEachOutcome) {
    using enum ExpireOrderOutcome;
    const ExpireOrder expire{id(1)};
    expect_rows<ExpireOrderOutcome>(
        {
            {"due to the microsecond", reserved().clock(900), expire, expired},
            {"unknown", reserved(), ExpireOrder{id(99)}, order_not_found},
            {"confirmed", confirmed().clock(900), expire, wrong_state},
            {"expired before", reserved().clock(900).after(expire), expire, wrong_state},
            {"too early", reserved().clock(899), expire, not_due},
        },
        expired);
}

TEST(ExpireOrder, GivesTheStockBackAsTheSystem) {
    World world = reserved().clock(1000);
    const Decision decision = world.decide_and_apply(ExpireOrder{id(1)});
    const Order& order = world.order_of(1);
    const Hold& hold = world.hold_of(1);
    EXPECT_EQ(order.state, OrderState::expired);
    EXPECT_EQ(order.version, 2);
    EXPECT_EQ(order.updated_at, second(1000));
    EXPECT_EQ(hold.state, HoldState::expired);
    EXPECT_EQ(hold.version, 2);
    EXPECT_FALSE(hold.expires_at);
    EXPECT_EQ(hold.lines.at(0).voided, 3);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{5}, Quantity{0}));
    EXPECT_EQ(world.stock("B"), std::pair(Quantity{5}, Quantity{0}));
    EXPECT_EQ(std::get<OrderView>(decision.outcome.result), (OrderView{order, hold}));
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_expired);
    EXPECT_EQ(decision.changes.events[0].actor, "system:expiry");
    EXPECT_EQ(decision.changes.events[0].command, id(200));
    EXPECT_EQ(std::get<OrderView>(decision.changes.events[0].state), (OrderView{order, hold}));
}

TEST(Expiry, ComesBeforeAnyCommandOnADueOrder) {
    struct Row {
        std::string name;
        CommandBody when;
        OutcomeCode then;
    };
    const std::vector<Row> rows = {
        {"confirm", ConfirmOrder{id(1), {}}, ConfirmOrderOutcome::wrong_state},
        {"confirm what was read", ConfirmOrder{id(1), 1}, ConfirmOrderOutcome::version_mismatch},
        {"fulfil", FulfilOrder{id(1), {}, {}}, FulfilOrderOutcome::wrong_state},
        {"cancel", CancelOrder{id(1), "", {}}, CancelOrderOutcome::wrong_state},
        {"close", CloseOrder{id(1), {}}, CloseOrderOutcome::wrong_state},
        {"return", ReturnGoods{id(1), {line("A", 1)}, LocationCode::main(), "", {}},
         ReturnGoodsOutcome::wrong_state},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        World world = reserved().clock(900);
        const Decision decision = world.decide_and_apply(row.when);
        EXPECT_EQ(decision.outcome.code, row.then);
        EXPECT_EQ(std::get<OrderView>(decision.outcome.result).order, world.order_of(1));
        EXPECT_EQ(world.order_of(1).state, OrderState::expired);
        EXPECT_EQ(world.stock("A"), std::pair(Quantity{5}, Quantity{0}));
        ASSERT_EQ(decision.changes.events.size(), 1U);
        EXPECT_EQ(decision.changes.events[0].type, EventType::order_expired);
        EXPECT_EQ(decision.changes.events[0].actor, "system:expiry");
    }
}

TEST(ExpireDue, ExpiresEveryLoadedHoldThatIsDue) {
    World world = World().item("A", 9).item("B", 9);
    PlaceOrder later = new_order({line("A", 1)});
    later.expires_in = std::chrono::seconds{1000};
    PlaceOrder sooner = new_order({line("B", 1), line("A", 1)});
    sooner.expires_in = std::chrono::seconds{10};
    world.order(1, later).order(2, new_order({line("A", 2)})).order(3, sooner).clock(900);

    Snapshot snapshot = world.snapshot();
    EXPECT_EQ(snapshot.due_holds(), (std::vector{id(3), id(2)}));
    EXPECT_EQ(snapshot.due_holds(sku("B")), std::vector{id(3)});
    const Changes changes = expire_due(snapshot, id(7));
    snapshot.apply(changes);

    EXPECT_TRUE(snapshot.due_holds().empty());
    EXPECT_EQ(snapshot.find_order(id(1))->state, OrderState::reserved);
    EXPECT_EQ(snapshot.find_order(id(2))->state, OrderState::expired);
    EXPECT_EQ(snapshot.find_order(id(3))->state, OrderState::expired);
    EXPECT_EQ(snapshot.levels_of(sku("A")).at(LocationCode::main()).state.held, 1);
    ASSERT_EQ(changes.events.size(), 2U);
    EXPECT_EQ(changes.events[0].actor, "system:expiry");
    EXPECT_EQ(changes.events[0].command, id(7));
    EXPECT_TRUE(expire_due(snapshot, id(7)).empty());
}

TEST(ExpireDue, ExpiresAHoldWithoutAnOrder) {
    World world = World().item("A", 5);
    world.put(Level{sku("A"), LocationCode::main(), 5, 2, 7});
    world.put(Hold{.id = id(4),
                   .state = HoldState::pending,
                   .order = std::nullopt,
                   .expires_at = second(1),
                   .lines = {{sku("A"), LocationCode::main(), 2}},
                   .version = 1});
    const Changes changes = expire_due(world.clock(1).snapshot(), id(7));
    ASSERT_EQ(changes.holds.size(), 1U);
    EXPECT_EQ(changes.holds[0].state, HoldState::expired);
    EXPECT_EQ(changes.levels, (std::vector{Level{sku("A"), LocationCode::main(), 5, 0, 8}}));
    EXPECT_TRUE(changes.orders.empty());
    EXPECT_TRUE(changes.events.empty());
}

}  // namespace
}  // namespace stockroom::domain
