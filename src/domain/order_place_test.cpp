#include <limits>

#include "testing/world.hpp"

namespace stockroom::domain {
namespace {

using namespace testing;

constexpr auto kMaxMinor = std::numeric_limits<std::int64_t>::max();

PlaceOrder confirmed_order(std::vector<OrderedLine> lines) {
    PlaceOrder wish = new_order(std::move(lines));
    wish.confirm = true;
    return wish;
}

PlaceOrder fulfilled_order(std::vector<OrderedLine> lines) {
    PlaceOrder wish = confirmed_order(std::move(lines));
    wish.fulfil = true;
    return wish;
}

World two_items() {
    return World().item("A", 5).item("B", 5);
}

TEST(PlaceOrder, GivesEachOutcome) {
    using enum PlaceOrderOutcome;
    const World retired = two_items().after(RetireItem{sku("B"), {}});
    const World dear = World().item("A", 5, kMaxMinor).item("B", 5, 1);
    const World held = two_items().order(1, new_order({line("A", 5)}));
    expect_rows<PlaceOrderOutcome>(
        {
            {"reserved", two_items(), new_order({line("A", 5), line("B", 1)}), reserved},
            {"confirmed", two_items(), confirmed_order({line("A", 5)}), confirmed},
            {"fulfilled", two_items(), fulfilled_order({line("A", 5)}), fulfilled},
            {"one unit short", two_items(), new_order({line("A", 6)}), rejected},
            {"one line short of two", two_items(), confirmed_order({line("A", 1), line("B", 6)}),
             rejected},
            {"lines of one SKU are short together", two_items(),
             new_order({line("A", 3), line("A", 3)}), rejected},
            {"never had any", World().item("A"), new_order({line("A", 1)}), rejected},
            {"all held", held, new_order({line("A", 1)}), rejected},
            {"held, but due", World(held).clock(900), new_order({line("A", 5)}), reserved},
            {"unknown", two_items(), new_order({line("A", 1), line("C", 1)}), unknown_sku,
             "lines[1].sku"},
            {"retired", retired, new_order({line("A", 1), line("A", 1), line("B", 1)}), unknown_sku,
             "lines[2].sku"},
            {"unknown, after a quantity too large", two_items(),
             new_order({line("A", kMaxQuantity), line("A", 1), line("C", 1)}), unknown_sku,
             "lines[2].sku"},
            {"unknown, after an amount too large", dear,
             new_order({line("A", 1), line("B", 1), line("C", 1)}), unknown_sku, "lines[2].sku"},
            {"quantity too large", two_items(),
             new_order({line("A", kMaxQuantity), line("B", 1), line("A", 1)}), quantity_too_large,
             "lines[2].quantity"},
            {"quantity too large, after an amount too large", dear,
             new_order({line("A", 2), line("B", kMaxQuantity), line("B", 1)}), quantity_too_large,
             "lines[2].quantity"},
            {"product too large", dear, new_order({line("B", 1), line("A", 2)}), amount_too_large,
             "lines[1]"},
            {"sum too large", dear, new_order({line("A", 1), line("B", 1)}), amount_too_large,
             "lines[1]"},
            {"amount too large, and short of stock", dear, new_order({line("A", 1), line("B", 6)}),
             amount_too_large, "lines[1]"},
            {"as dear as can be", dear, new_order({line("A", 1)}), reserved},
        },
        rejected);
}

TEST(PlaceOrder, FixesPricesAndHoldsTheStock) {
    World world = World().item("A", 5, 250).item("B", 5, 99).clock(10);
    PlaceOrder wish = new_order({line("B", 1), line("A", 2), line("B", 2)});
    wish.reference = "web-17";
    wish.expires_in = std::chrono::seconds{60};
    const Decision decision = world.decide_and_apply(wish);

    const Order expected{.id = id(200),
                         .customer = "c-1",
                         .state = OrderState::reserved,
                         .lines = {{sku("B"), 3, cents(99)}, {sku("A"), 2, cents(250)}},
                         .execution_price = cents(797),
                         .reference = "web-17",
                         .actor = "user:test",
                         .version = 1,
                         .created_at = second(10),
                         .updated_at = second(10)};
    const Hold hold{
        .id = id(200),
        .state = HoldState::pending,
        .order = id(200),
        .expires_at = second(70),
        .lines = {{sku("B"), LocationCode::main(), 3}, {sku("A"), LocationCode::main(), 2}},
        .version = 1};
    EXPECT_EQ(world.order_of(200), expected);
    EXPECT_EQ(world.hold_of(200), hold);
    EXPECT_EQ(std::get<OrderView>(decision.outcome.result), (OrderView{expected, hold}));
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{5}, Quantity{2}));
    EXPECT_EQ(world.stock("B"), std::pair(Quantity{5}, Quantity{3}));
    EXPECT_TRUE(decision.changes.movements.empty());
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_reserved);
    EXPECT_EQ(decision.changes.events[0].actor, "user:test");
    EXPECT_EQ(decision.changes.events[0].command, id(200));
    EXPECT_EQ(decision.changes.events[0].at, second(10));
    EXPECT_EQ(std::get<OrderView>(decision.changes.events[0].state), (OrderView{expected, hold}));
}

TEST(PlaceOrder, CommitsTheHoldWhenItConfirms) {
    World world = two_items();
    const Decision decision = world.decide_and_apply(confirmed_order({line("A", 2)}));
    EXPECT_EQ(world.order_of(200).state, OrderState::confirmed);
    EXPECT_EQ(world.hold_of(200).state, HoldState::committed);
    EXPECT_FALSE(world.hold_of(200).expires_at);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{5}, Quantity{2}));
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_confirmed);
}

TEST(PlaceOrder, ShipsWhenItFulfils) {
    World world = two_items();
    const Decision decision = world.decide_and_apply(fulfilled_order({line("A", 2)}));
    EXPECT_EQ(world.order_of(200).state, OrderState::fulfilled);
    EXPECT_EQ(world.order_of(200).version, 1);
    EXPECT_EQ(world.hold_of(200).state, HoldState::ended);
    EXPECT_EQ(world.hold_of(200).lines.at(0).posted, 2);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{3}, Quantity{0}));
    ASSERT_EQ(decision.changes.movements.size(), 1U);
    EXPECT_EQ(decision.changes.movements[0].kind, MovementKind::shipment);
    EXPECT_EQ(decision.changes.movements[0].quantity, -2);
    EXPECT_EQ(decision.changes.movements[0].order, id(200));
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_fulfilled);
}

TEST(PlaceOrder, IsRejectedWithEachShortageAndHoldsNothing) {
    World world = World().item("A", 5).item("B", 1).item("C", 2);
    const Decision decision =
        world.decide_and_apply(new_order({line("C", 3), line("A", 5), line("B", 4)}));
    EXPECT_EQ(decision.outcome.shortages,
              (std::vector<Shortage>{{sku("C"), 3, 2}, {sku("B"), 4, 1}}));
    const Order& order = world.order_of(200);
    EXPECT_EQ(order.state, OrderState::rejected);
    EXPECT_EQ(order.execution_price, cents(1200));
    EXPECT_EQ(std::get<OrderView>(decision.outcome.result), (OrderView{order, std::nullopt}));
    EXPECT_TRUE(decision.changes.holds.empty());
    EXPECT_TRUE(decision.changes.levels.empty());
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_rejected);
}

TEST(PlaceOrder, TakesLocationsInPriorityOrderThenByCode) {
    World world;
    world.item("A").with_location("z", 1).with_location("c", 50).with_location("b", 50);
    for (const auto* where : {"main", "b", "c", "z"})
        world.with_stock("A", where, 2);
    EXPECT_TRUE(world.decide_and_apply(new_order({line("A", 7)})).outcome.field.empty());
    EXPECT_EQ(world.hold_of(200).lines, (std::vector<HoldLine>{{sku("A"), location("z"), 2},
                                                               {sku("A"), location("b"), 2},
                                                               {sku("A"), location("c"), 2},
                                                               {sku("A"), location("main"), 1}}));
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{2}, Quantity{1}));
}

TEST(PlaceOrder, ExpiresWhatIsDueOnTheShortSkusOnly) {
    World world = two_items();
    world.item("C", 5);
    world.order(1, new_order({line("A", 5), line("B", 5)}));
    world.order(2, new_order({line("C", 5)}));
    world.clock(900);
    const Decision decision = world.decide_and_apply(new_order({line("A", 1)}));
    EXPECT_EQ(std::get<PlaceOrderOutcome>(decision.outcome.code), PlaceOrderOutcome::reserved);
    EXPECT_EQ(world.order_of(1).state, OrderState::expired);
    EXPECT_EQ(world.order_of(1).version, 2);
    EXPECT_EQ(world.hold_of(1).state, HoldState::expired);
    EXPECT_EQ(world.hold_of(1).version, 2);
    EXPECT_EQ(world.order_of(2).state, OrderState::reserved);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{5}, Quantity{1}));
    EXPECT_EQ(world.stock("B"), std::pair(Quantity{5}, Quantity{0}));
    ASSERT_EQ(decision.changes.events.size(), 2U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_expired);
    EXPECT_EQ(decision.changes.events[0].actor, "system:expiry");
    EXPECT_EQ(decision.changes.events[1].type, EventType::order_reserved);
}

TEST(PlaceOrder, ExpiresWhatIsDueOnEachShortSku) {
    World world = two_items();
    world.order(1, new_order({line("A", 5)})).order(2, new_order({line("B", 5)})).clock(900);
    const Decision decision = world.decide_and_apply(new_order({line("A", 5), line("B", 5)}));
    EXPECT_EQ(std::get<PlaceOrderOutcome>(decision.outcome.code), PlaceOrderOutcome::reserved);
    EXPECT_EQ(world.order_of(1).state, OrderState::expired);
    EXPECT_EQ(world.order_of(2).state, OrderState::expired);
}

TEST(PlaceOrder, KeepsWhatItExpiredAlsoWhenItIsRejected) {
    World world = two_items().order(1, new_order({line("A", 4)})).clock(900);
    const Decision decision = world.decide_and_apply(new_order({line("A", 6)}));
    EXPECT_EQ(decision.outcome.shortages, (std::vector<Shortage>{{sku("A"), 6, 5}}));
    EXPECT_EQ(world.order_of(1).state, OrderState::expired);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{5}, Quantity{0}));
}

TEST(PlaceOrder, LeavesALevelAloneThatEndsAsItBegan) {
    World world = two_items().order(1, new_order({line("A", 5)})).clock(900);
    const Decision decision = world.decide_and_apply(new_order({line("A", 5)}));
    EXPECT_EQ(world.order_of(1).state, OrderState::expired);
    EXPECT_EQ(world.order_of(200).state, OrderState::reserved);
    EXPECT_TRUE(decision.changes.levels.empty());
}

TEST(PlaceOrder, TakesAThousandLinesAtOnce) {
    World world = two_items();
    std::vector<OrderedLine> lines;
    lines.reserve(kMaxOrderLines);
    for (std::size_t i = 0; i < kMaxOrderLines; ++i)
        lines.push_back(line(i % 2 == 0 ? "A" : "B", 1));
    world.with_stock("A", "main", 495).with_stock("B", "main", 495);
    const Decision decision = world.decide_and_apply(new_order(lines));
    EXPECT_EQ(std::get<PlaceOrderOutcome>(decision.outcome.code), PlaceOrderOutcome::reserved);
    EXPECT_EQ(world.order_of(200).lines.size(), 2U);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{500}, Quantity{500}));
}

}  // namespace
}  // namespace stockroom::domain
