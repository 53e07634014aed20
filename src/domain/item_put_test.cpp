#include "testing/world.hpp"

namespace stockroom::domain {
namespace {

using namespace testing;

PutItem put(Quantity quantity, std::int64_t price = 100) {
    return {.sku = sku("A"), .name = "", .label = "", .price = cents(price), .quantity = quantity};
}

World retired_item() {
    return World().item("A", 5).after(RetireItem{sku("A"), {}});
}

/// 5 at main, 2 of them held until second 900, and 4 in the north.
World held_item() {
    return World()
        .item("A", 5)
        .order(1, new_order({line("A", 2)}))
        .with_location("north", 2)
        .with_stock("A", "north", 4);
}

TEST(PutItem, GivesEachOutcome) {
    using enum PutItemOutcome;
    expect_rows<PutItemOutcome>(
        {
            {"new", World(), put(5), created},
            {"new, without stock", World(), put(0), created},
            {"retired before", retired_item(), put(5), created},
            {"more", World().item("A", 5), put(7), changed},
            {"less", World().item("A", 5), put(0), changed},
            {"as it is", World().item("A", 5), put(5), changed},
            {"all there may be", World().item("A", 5), put(kMaxQuantity), changed},
            {"to what is held at main", held_item(), put(6), changed},
            {"below what is held at main", held_item(), put(5), insufficient_stock, "quantity"},
            {"below what is elsewhere", held_item(), put(0), insufficient_stock, "quantity"},
            {"below what was held, but is due", World(held_item()).clock(900), put(4), changed},
            {"below what is elsewhere, and the hold is not due", World(held_item()).clock(899),
             put(3), insufficient_stock, "quantity"},
        },
        created);
}

TEST(PutItem, CreatesWithItsStockInOneDecision) {
    World world;
    world.clock(7);
    PutItem wish = put(50, 2500);
    wish.name = "Apple juice";
    wish.label = "juice";
    const Decision decision = world.decide_and_apply(wish);
    EXPECT_EQ(world.item_of("A"), (Item{.sku = sku("A"),
                                        .name = "Apple juice",
                                        .label = "juice",
                                        .price = cents(2500),
                                        .reorder_point = 0,
                                        .retired = false,
                                        .version = 1,
                                        .created_at = second(7),
                                        .updated_at = second(7)}));
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{50}, Quantity{0}));
    ASSERT_EQ(decision.changes.movements.size(), 1U);
    EXPECT_EQ(decision.changes.movements[0].kind, MovementKind::opening);
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::item_created);
    EXPECT_EQ(std::get<ItemView>(decision.outcome.result).on_hand, 50);
}

TEST(PutItem, RevivesARetiredItem) {
    World world = retired_item();
    const Decision decision = world.decide_and_apply(put(3));
    EXPECT_FALSE(world.item_of("A").retired);
    EXPECT_EQ(world.item_of("A").version, 3);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{3}, Quantity{0}));
    EXPECT_EQ(decision.changes.events.at(0).type, EventType::item_revived);
}

TEST(PutItem, ChangesWhatDiffersAndKeepsTheRest) {
    World world = held_item();
    CreateItem with_reorder_point = new_item("B");
    with_reorder_point.reorder_point = 8;
    world.after(with_reorder_point).clock(3);

    PutItem wish = put(12, 250);
    wish.name = "new name";
    const Decision decision = world.decide_and_apply(wish);
    EXPECT_EQ(world.item_of("A").name, "new name");
    EXPECT_EQ(world.item_of("A").price, cents(250));
    EXPECT_EQ(world.item_of("A").version, 2);
    EXPECT_EQ(world.item_of("A").created_at, second(0));
    EXPECT_EQ(world.item_of("A").updated_at, second(3));
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{8}, Quantity{2}));
    EXPECT_EQ(world.stock("A", "north"), std::pair(Quantity{4}, Quantity{0}));
    const auto& view = std::get<ItemView>(decision.outcome.result);
    EXPECT_EQ(std::pair(view.on_hand, view.held), std::pair(Quantity{12}, Quantity{2}));
    ASSERT_EQ(decision.changes.events.size(), 2U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::stock_adjusted);
    EXPECT_EQ(decision.changes.events[1].type, EventType::item_changed);
    EXPECT_EQ(std::get<ItemView>(decision.changes.events[1].state), view);

    PutItem other = put(0);
    other.sku = sku("B");
    static_cast<void>(world.decide_and_apply(other));
    EXPECT_EQ(world.item_of("B").reorder_point, 8);
}

TEST(PutItem, OnlyAdjustsWhenOnlyTheQuantityDiffers) {
    World world = World().item("A", 5);
    const Decision decision = world.decide_and_apply(put(3));
    EXPECT_EQ(world.item_of("A").version, 1);
    ASSERT_EQ(decision.changes.movements.size(), 1U);
    EXPECT_EQ(decision.changes.movements[0].kind, MovementKind::adjustment);
    EXPECT_EQ(decision.changes.movements[0].quantity, -2);
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::stock_adjusted);
}

TEST(PutItem, ChangesNothingWhenAllIsSoAlready) {
    const Decision decision = World().item("A", 5).decide(put(5));
    EXPECT_EQ(std::get<PutItemOutcome>(decision.outcome.code), PutItemOutcome::changed);
    EXPECT_TRUE(decision.changes.empty());
}

TEST(PutItem, ExpiresWhatIsDueWhenItIsInTheWay) {
    World world = held_item();
    world.clock(900);
    const Decision decision = world.decide_and_apply(put(4));
    EXPECT_EQ(std::get<PutItemOutcome>(decision.outcome.code), PutItemOutcome::changed);
    EXPECT_EQ(world.order_of(1).state, OrderState::expired);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{0}, Quantity{0}));
    EXPECT_EQ(world.stock("A", "north"), std::pair(Quantity{4}, Quantity{0}));
}

}  // namespace
}  // namespace stockroom::domain
