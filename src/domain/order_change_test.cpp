#include "testing/world.hpp"

namespace stockroom::domain {
namespace {

using namespace testing;

// The order of these tests has id 1: 3 of A (2 at main, 1 at north) and 2 of B.

PlaceOrder wish() {
    return new_order({line("A", 3), line("B", 2)});
}

FulfilOrder fulfil(std::vector<OrderedLine> lines, std::optional<Version> expected = {}) {
    return {id(1), std::move(lines), expected};
}

ReturnGoods bring_back(std::vector<OrderedLine> lines, std::string_view where = "main") {
    return {id(1), std::move(lines), location(where), "too small", {}};
}

World reserved() {
    return World()
        .item("A", 2)
        .item("B", 9)
        .with_location("north", 200)
        .with_stock("A", "north", 9)
        .order(1, wish());
}
World confirmed() {
    return reserved().after(ConfirmOrder{id(1), {}});
}
World partly_fulfilled() {
    return confirmed().after(fulfil({line("A", 1)}));
}
World fulfilled() {
    return confirmed().after(fulfil({}));
}
World rejected() {
    return World().item("A").item("B").order(1, wish());
}
World expired() {
    return reserved().clock(900).after(ExpireOrder{id(1)}).clock(0);
}
World cancelled() {
    return reserved().after(CancelOrder{id(1), "", {}});
}

TEST(ChangeOrder, GoesOnlyAlongTheTable) {
    struct State {
        std::string name;
        World given;
        std::string allowed;  // by confirm, fulfil, cancel, close, return, expire
    };
    const std::vector<State> states = {
        {"reserved", reserved(), "x-x---"},
        {"confirmed", confirmed(), "-xx---"},
        {"partially fulfilled", partly_fulfilled(), "-x-xx-"},
        {"fulfilled", fulfilled(), "----x-"},
        {"rejected", rejected(), "------"},
        {"expired", expired(), "------"},
        {"cancelled", cancelled(), "------"},
        {"reserved and due", reserved().clock(900), "-----x"},
    };
    const std::vector<CommandBody> commands = {ConfirmOrder{id(1), {}},    fulfil({line("A", 1)}),
                                               CancelOrder{id(1), "", {}}, CloseOrder{id(1), {}},
                                               bring_back({line("A", 1)}), ExpireOrder{id(1)}};
    for (const State& state : states) {
        for (std::size_t i = 0; i < commands.size(); ++i) {
            SCOPED_TRACE(state.name + " by command " + std::to_string(i));
            const Decision decision = state.given.decide(commands[i]);
            const bool is_done = std::visit(
                []<typename Code>(Code code) {
                    const auto name = enumerator_names<Code>()[static_cast<std::size_t>(code)];
                    return name != "wrong_state" && name != "not_due";
                },
                decision.outcome.code);
            EXPECT_EQ(is_done, state.allowed[i] == 'x');
            EXPECT_TRUE(std::holds_alternative<OrderView>(decision.outcome.result));
        }
    }
}

TEST(ConfirmOrder, GivesEachOutcome) {
    using enum ConfirmOrderOutcome;
    expect_rows<ConfirmOrderOutcome>(
        {
            {"reserved", reserved(), ConfirmOrder{id(1), {}}, confirmed},
            {"as expected", reserved(), ConfirmOrder{id(1), 1}, confirmed},
            {"in its last second", reserved().clock(899), ConfirmOrder{id(1), 1}, confirmed},
            {"unknown", reserved(), ConfirmOrder{id(99), 1}, order_not_found},
            {"stale", reserved(), ConfirmOrder{id(1), 2}, version_mismatch},
            {"stale and in a wrong state", cancelled(), ConfirmOrder{id(1), 1}, version_mismatch},
            {"in a wrong state", cancelled(), ConfirmOrder{id(1), 2}, wrong_state},
        },
        confirmed);
}

TEST(ConfirmOrder, CommitsTheHold) {
    World world = reserved().clock(5);
    const Decision decision = world.decide_and_apply(ConfirmOrder{id(1), {}});
    EXPECT_EQ(world.order_of(1).state, OrderState::confirmed);
    EXPECT_EQ(world.order_of(1).version, 2);
    EXPECT_EQ(world.order_of(1).updated_at, second(5));
    EXPECT_EQ(world.order_of(1).created_at, second(0));
    EXPECT_EQ(world.hold_of(1).state, HoldState::committed);
    EXPECT_EQ(world.hold_of(1).version, 2);
    EXPECT_FALSE(world.hold_of(1).expires_at);
    EXPECT_TRUE(decision.changes.levels.empty());
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_confirmed);
}

TEST(FulfilOrder, GivesEachOutcome) {
    using enum FulfilOrderOutcome;
    expect_rows<FulfilOrderOutcome>(
        {
            {"all", confirmed(), fulfil({}), fulfilled},
            {"all, each named", confirmed(), fulfil({line("B", 2), line("A", 3)}), fulfilled},
            {"the rest", partly_fulfilled(), fulfil({}, 3), fulfilled},
            {"some", confirmed(), fulfil({line("A", 3)}, 2), partially_fulfilled},
            {"some more", partly_fulfilled(), fulfil({line("A", 1)}), partially_fulfilled},
            {"unknown", confirmed(), FulfilOrder{id(99), {line("C", 9)}, 9}, order_not_found},
            {"stale", confirmed(), fulfil({}, 1), version_mismatch},
            {"stale and in a wrong state", reserved(), fulfil({}, 2), version_mismatch},
            {"not confirmed", reserved(), fulfil({}), wrong_state},
            {"not confirmed and not in it", reserved(), fulfil({line("C", 1)}), wrong_state},
            {"not in it", confirmed(), fulfil({line("A", 1), line("C", 1)}), not_in_order,
             "lines[1].sku"},
            {"too many, and one not in it", confirmed(), fulfil({line("A", 4), line("C", 1)}),
             not_in_order, "lines[1].sku"},
            {"too many", confirmed(), fulfil({line("B", 1), line("A", 4)}), exceeds_held,
             "lines[1].quantity"},
            {"more than is left", partly_fulfilled(), fulfil({line("A", 3)}), exceeds_held,
             "lines[0].quantity"},
        },
        partially_fulfilled);
}

TEST(FulfilOrder, ShipsInTheOrderOfAllocationAndHoldsTheRest) {
    World world = confirmed();
    const Decision first = world.decide_and_apply(fulfil({line("A", 1)}));
    EXPECT_EQ(first.changes.events.at(0).type, EventType::order_partially_fulfilled);
    EXPECT_EQ(world.order_of(1).state, OrderState::partially_fulfilled);
    EXPECT_EQ(world.hold_of(1).state, HoldState::committed);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{1}, Quantity{1}));

    const Decision second = world.decide_and_apply(fulfil({line("A", 2)}));
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{0}, Quantity{0}));
    EXPECT_EQ(world.stock("A", "north"), std::pair(Quantity{8}, Quantity{0}));
    ASSERT_EQ(second.changes.movements.size(), 2U);
    EXPECT_EQ(second.changes.movements[1].kind, MovementKind::shipment);
    EXPECT_EQ(second.changes.movements[1].location, location("north"));
    EXPECT_EQ(second.changes.movements[1].quantity, -1);
    EXPECT_EQ(second.changes.movements[1].order, id(1));
    EXPECT_EQ(world.stock("B"), std::pair(Quantity{9}, Quantity{2}));

    const Decision last = world.decide_and_apply(fulfil({}));
    EXPECT_EQ(last.changes.events.at(0).type, EventType::order_fulfilled);
    EXPECT_EQ(world.order_of(1).state, OrderState::fulfilled);
    EXPECT_EQ(world.order_of(1).version, 5);
    EXPECT_EQ(world.hold_of(1).state, HoldState::ended);
    EXPECT_EQ(world.hold_of(1).version, 5);
    EXPECT_EQ(world.stock("B"), std::pair(Quantity{7}, Quantity{0}));
}

TEST(CancelOrder, GivesEachOutcome) {
    using enum CancelOrderOutcome;
    expect_rows<CancelOrderOutcome>(
        {
            {"reserved", reserved(), CancelOrder{id(1), "changed my mind", {}}, cancelled},
            {"confirmed", confirmed(), CancelOrder{id(1), "", 2}, cancelled},
            {"unknown", reserved(), CancelOrder{id(99), "", 1}, order_not_found},
            {"stale", confirmed(), CancelOrder{id(1), "", 1}, version_mismatch},
            {"stale and shipped", fulfilled(), CancelOrder{id(1), "", 1}, version_mismatch},
            {"shipped in part", partly_fulfilled(), CancelOrder{id(1), "", 3}, wrong_state},
        },
        cancelled);
}

TEST(CancelOrder, GivesTheStockBack) {
    World world = confirmed();
    const Decision decision = world.decide_and_apply(CancelOrder{id(1), "no need", {}});
    EXPECT_EQ(world.order_of(1).state, OrderState::cancelled);
    EXPECT_EQ(world.order_of(1).cancel_reason, "no need");
    EXPECT_EQ(world.hold_of(1).state, HoldState::ended);
    EXPECT_EQ(world.hold_of(1).lines.at(0).voided, 2);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{2}, Quantity{0}));
    EXPECT_EQ(world.stock("A", "north"), std::pair(Quantity{9}, Quantity{0}));
    EXPECT_EQ(world.stock("B"), std::pair(Quantity{9}, Quantity{0}));
    EXPECT_TRUE(decision.changes.movements.empty());
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_cancelled);
}

TEST(CloseOrder, GivesEachOutcome) {
    using enum CloseOrderOutcome;
    expect_rows<CloseOrderOutcome>(
        {
            {"shipped in part", partly_fulfilled(), CloseOrder{id(1), {}}, closed},
            {"as expected", partly_fulfilled(), CloseOrder{id(1), 3}, closed},
            {"unknown", reserved(), CloseOrder{id(99), 1}, order_not_found},
            {"stale", partly_fulfilled(), CloseOrder{id(1), 2}, version_mismatch},
            {"stale and not shipped", confirmed(), CloseOrder{id(1), 1}, version_mismatch},
            {"not shipped", confirmed(), CloseOrder{id(1), {}}, wrong_state},
        },
        closed);
}

TEST(CloseOrder, VoidsTheRest) {
    World world = partly_fulfilled();
    const Decision decision = world.decide_and_apply(CloseOrder{id(1), {}});
    EXPECT_EQ(world.order_of(1).state, OrderState::fulfilled);
    EXPECT_EQ(world.hold_of(1).state, HoldState::ended);
    EXPECT_EQ(world.hold_of(1).lines, (std::vector<HoldLine>{
                                          {sku("A"), location("main"), 2, 1, 1},
                                          {sku("A"), location("north"), 1, 0, 1},
                                          {sku("B"), location("main"), 2, 0, 2},
                                      }));
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{1}, Quantity{0}));
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_fulfilled);
}

TEST(ReturnGoods, GivesEachOutcome) {
    using enum ReturnGoodsOutcome;
    const auto with_version = [](ReturnGoods goods, Version version) {
        goods.expected_version = version;
        return goods;
    };
    const World back = fulfilled().after(bring_back({line("A", 2)}));
    const World retired = fulfilled().after(RetireItem{sku("B"), {}});
    // All of A that there can be is there already: the rest of it at north.
    const World full = fulfilled().with_stock("A", "main", kMaxQuantity - 8);
    expect_rows<ReturnGoodsOutcome>(
        {
            {"all", fulfilled(), bring_back({line("A", 3), line("B", 2)}), returned},
            {"to where it never was", fulfilled(), bring_back({line("B", 1)}, "north"), returned},
            {"the rest", back, with_version(bring_back({line("A", 1)}), 4), returned},
            {"what was shipped so far", partly_fulfilled(), bring_back({line("A", 1)}), returned},
            {"unknown", fulfilled(), ReturnGoods{id(99), {line("C", 1)}, location("south"), "", 9},
             order_not_found},
            {"stale", fulfilled(), with_version(bring_back({line("A", 1)}), 2), version_mismatch},
            {"stale and not shipped", confirmed(), with_version(bring_back({line("A", 1)}), 1),
             version_mismatch},
            {"not shipped", confirmed(), bring_back({line("A", 1)}, "south"), wrong_state},
            {"unknown location, and not in it", fulfilled(), bring_back({line("C", 1)}, "south"),
             unknown_location, "location"},
            {"not in it", fulfilled(), bring_back({line("A", 1), line("C", 1)}), not_in_order,
             "lines[1].sku"},
            {"too many, and one not in it", fulfilled(), bring_back({line("A", 9), line("C", 1)}),
             not_in_order, "lines[1].sku"},
            {"too many", fulfilled(), bring_back({line("A", 1), line("B", 3)}), exceeds_shipped,
             "lines[1].quantity"},
            {"more than is not back yet", back, bring_back({line("A", 2)}), exceeds_shipped,
             "lines[0].quantity"},
            {"more than was shipped so far", partly_fulfilled(), bring_back({line("A", 2)}),
             exceeds_shipped, "lines[0].quantity"},
            {"retired, and too many", retired, bring_back({line("B", 1), line("A", 4)}),
             exceeds_shipped, "lines[1].quantity"},
            {"retired", retired, bring_back({line("A", 1), line("B", 1)}), item_retired,
             "lines[1].sku"},
            {"no room, and one retired", World(full).after(RetireItem{sku("B"), {}}),
             bring_back({line("A", 1), line("B", 1)}), item_retired, "lines[1].sku"},
            {"no room", full, bring_back({line("B", 1), line("A", 1)}), level_too_large,
             "lines[1].quantity"},
            {"no room, the rest of it elsewhere", full, bring_back({line("A", 1)}, "north"),
             level_too_large, "lines[0].quantity"},
        },
        returned);
}

TEST(ReturnGoods, IsAReceiptLinkedToTheOrder) {
    World world = fulfilled().clock(50);
    const Hold hold = world.hold_of(1);
    const Decision decision = world.decide_and_apply(bring_back({line("B", 1), line("A", 2)}));
    const Order& order = world.order_of(1);
    EXPECT_EQ(order.state, OrderState::fulfilled);
    EXPECT_EQ(order.version, 4);
    EXPECT_EQ(order.updated_at, second(50));
    EXPECT_EQ(order.lines.at(0).returned, 2);
    EXPECT_EQ(order.lines.at(1).returned, 1);
    EXPECT_EQ(world.hold_of(1), hold);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{2}, Quantity{0}));
    EXPECT_EQ(world.stock("B"), std::pair(Quantity{8}, Quantity{0}));
    ASSERT_EQ(decision.changes.movements.size(), 2U);
    const Movement& movement = decision.changes.movements[1];
    EXPECT_EQ(movement.kind, MovementKind::customer_return);
    EXPECT_EQ(movement.quantity, 2);
    EXPECT_EQ(movement.order, id(1));
    EXPECT_EQ(movement.reason, "too small");
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_returned);
    EXPECT_EQ(std::get<OrderView>(decision.changes.events[0].state), (OrderView{order, hold}));
}

}  // namespace
}  // namespace stockroom::domain
