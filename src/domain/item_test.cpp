#include "testing/world.hpp"

namespace stockroom::domain {
namespace {

using namespace testing;

World retired_item() {
    return World().item("A", 5).after(RetireItem{sku("A"), {}});
}

CreateItem with_opening(std::vector<OpeningStock> opening) {
    CreateItem wish = new_item("A");
    wish.opening = std::move(opening);
    return wish;
}

TEST(CreateItem, GivesEachOutcome) {
    using enum CreateItemOutcome;
    expect_rows<CreateItemOutcome>(
        {
            {"new", World(), new_item("A"), created},
            {"retired before", retired_item(), new_item("A"), created},
            {"with opening stock", World(), with_opening({{LocationCode::main(), 3}}), created},
            {"there already", World().item("A"), new_item("A"), already_exists, "sku"},
            {"unknown location", World(),
             with_opening({{LocationCode::main(), 3}, {location("north"), 1}}), unknown_location,
             "opening[1].location"},
            {"there already, with an unknown location", World().item("A"),
             with_opening({{location("north"), 1}}), already_exists, "sku"},
        },
        created);
}

TEST(CreateItem, TakesItsOpeningStockInTheSameDecision) {
    World world;
    world.with_location("north", 2).clock(7);
    CreateItem wish = with_opening({{LocationCode::main(), 3}, {location("north"), 4}});
    wish.name = "Apple juice";
    wish.label = "juice";
    wish.reorder_point = 2;
    const Decision decision = world.decide_and_apply(wish);

    const auto& view = std::get<ItemView>(decision.outcome.result);
    EXPECT_EQ(view.on_hand, 7);
    EXPECT_EQ(view.held, 0);
    EXPECT_EQ(view.item, world.item_of("A"));
    EXPECT_EQ(view.item.name, "Apple juice");
    EXPECT_EQ(view.item.label, "juice");
    EXPECT_EQ(view.item.reorder_point, 2);
    EXPECT_EQ(view.item.version, 1);
    EXPECT_EQ(view.item.created_at, second(7));
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{3}, Quantity{0}));
    EXPECT_EQ(world.stock("A", "north"), std::pair(Quantity{4}, Quantity{0}));

    ASSERT_EQ(decision.changes.movements.size(), 2U);
    const Movement& movement = decision.changes.movements[1];
    EXPECT_EQ(movement, (Movement{.sku = sku("A"),
                                  .location = location("north"),
                                  .kind = MovementKind::opening,
                                  .quantity = 4,
                                  .reason = "",
                                  .reference = "",
                                  .order = std::nullopt,
                                  .command = id(200),
                                  .actor = "user:test",
                                  .at = second(7)}));
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::item_created);
    EXPECT_EQ(std::get<ItemView>(decision.changes.events[0].state), view);
}

TEST(CreateItem, RevivesARetiredItemUnderANewVersion) {
    World world = retired_item();
    world.clock(9);
    CreateItem wish = with_opening({{LocationCode::main(), 2}});
    wish.name = "again";
    const Decision decision = world.decide_and_apply(wish);
    EXPECT_EQ(decision.changes.events.at(0).type, EventType::item_revived);
    const Item& item = world.item_of("A");
    EXPECT_FALSE(item.retired);
    EXPECT_EQ(item.version, 3);
    EXPECT_EQ(item.name, "again");
    EXPECT_EQ(item.created_at, second(9));
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{2}, Quantity{0}));
    EXPECT_EQ(decision.changes.levels.at(0).version, 3);
}

ChangeItem rename(std::optional<Version> expected = std::nullopt) {
    return {.sku = sku("A"),
            .name = "new name",
            .label = {},
            .price = {},
            .reorder_point = {},
            .expected_version = expected};
}

TEST(ChangeItem, GivesEachOutcome) {
    using enum ChangeItemOutcome;
    expect_rows<ChangeItemOutcome>(
        {
            {"changed", World().item("A"), rename(), changed},
            {"as expected", World().item("A"), rename(1), changed},
            {"unknown", World(), rename(), item_not_found},
            {"unknown, with a version", World(), rename(1), item_not_found},
            {"retired", retired_item(), rename(2), item_not_found},
            {"stale", World().item("A").after(rename()), rename(1), version_mismatch},
            {"from the future", World().item("A"), rename(2), version_mismatch},
        },
        changed);
}

TEST(ChangeItem, ChangesOnlyWhatIsNamed) {
    World world;
    world.item("A", 5, 250).clock(3);
    ChangeItem wish = rename();
    const Decision decision = world.decide_and_apply(wish);
    const Item& item = world.item_of("A");
    EXPECT_EQ(item.name, "new name");
    EXPECT_EQ(item.price, cents(250));
    EXPECT_EQ(item.version, 2);
    EXPECT_EQ(item.created_at, second(0));
    EXPECT_EQ(item.updated_at, second(3));
    EXPECT_EQ(std::get<ItemView>(decision.outcome.result).on_hand, 5);
    EXPECT_EQ(decision.changes.events.at(0).type, EventType::item_changed);
    EXPECT_TRUE(decision.changes.levels.empty());

    wish = {sku("A"), {}, "label", cents(1), 8, {}};
    EXPECT_EQ(std::get<ChangeItemOutcome>(world.decide_and_apply(wish).outcome.code),
              ChangeItemOutcome::changed);
    EXPECT_EQ(world.item_of("A").name, "new name");
    EXPECT_EQ(world.item_of("A").label, "label");
    EXPECT_EQ(world.item_of("A").price, cents(1));
    EXPECT_EQ(world.item_of("A").reorder_point, 8);
}

TEST(ChangeItem, ChangesNothingWhenAllIsSoAlready) {
    const World world = World().item("A").after(rename());
    const Decision decision = world.decide(rename());
    EXPECT_EQ(std::get<ChangeItemOutcome>(decision.outcome.code), ChangeItemOutcome::changed);
    EXPECT_EQ(std::get<ItemView>(decision.outcome.result).item.version, 2);
    EXPECT_TRUE(decision.changes.empty());
}

RetireItem retire(std::optional<Version> expected = std::nullopt) {
    return {sku("A"), expected};
}

World held_item() {
    return World().item("A", 5).order(1, new_order({line("A", 2)}));
}

TEST(RetireItem, GivesEachOutcome) {
    using enum RetireItemOutcome;
    expect_rows<RetireItemOutcome>(
        {
            {"free", World().item("A", 5), retire(), retired},
            {"as expected", World().item("A", 5), retire(1), retired},
            {"held, but due", World(held_item()).clock(900), retire(), retired},
            {"unknown", World(), retire(), item_not_found},
            {"retired before", retired_item(), retire(1), item_not_found},
            {"stale", World().item("A"), retire(7), version_mismatch},
            {"stale and held", held_item(), retire(7), version_mismatch},
            {"held", held_item(), retire(), has_open_holds},
            {"held to the last microsecond", World(held_item()).clock(899), retire(1),
             has_open_holds},
        },
        retired);
}

TEST(RetireItem, PostsTheFreeStockToZeroEverywhere) {
    World world;
    world.item("A", 5).with_location("north", 2).with_stock("A", "north", 4);
    const Decision decision = world.decide_and_apply(retire());
    EXPECT_TRUE(world.item_of("A").retired);
    EXPECT_EQ(world.item_of("A").version, 2);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{0}, Quantity{0}));
    EXPECT_EQ(world.stock("A", "north"), std::pair(Quantity{0}, Quantity{0}));
    EXPECT_EQ(std::get<ItemView>(decision.outcome.result).on_hand, 0);
    ASSERT_EQ(decision.changes.movements.size(), 2U);
    EXPECT_EQ(decision.changes.movements[0].kind, MovementKind::retirement);
    EXPECT_EQ(decision.changes.movements[0].quantity, -5);
    EXPECT_EQ(decision.changes.movements[1].quantity, -4);
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::item_retired);
}

TEST(RetireItem, KeepsWhatItExpiredAlsoWhenItIsRefused) {
    World world = held_item();
    PlaceOrder confirmed = new_order({line("A", 1)});
    confirmed.confirm = true;
    world.order(2, confirmed).clock(900);
    const Decision decision = world.decide_and_apply(retire());
    EXPECT_EQ(std::get<RetireItemOutcome>(decision.outcome.code),
              RetireItemOutcome::has_open_holds);
    EXPECT_EQ(std::get<ItemView>(decision.outcome.result).held, 1);
    EXPECT_EQ(world.order_of(1).state, OrderState::expired);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{5}, Quantity{1}));
}

}  // namespace
}  // namespace stockroom::domain
