#include <string>

#include "testing/world.hpp"

namespace stockroom::domain {
namespace {

using namespace testing;

World retired_item() {
    return World().item("A", 5).after(RetireItem{sku("A"), {}});
}

/// Three at main and two at north.
World at_two_locations() {
    return World().with_location("north", 1).item("A", 3).with_stock("A", "north", 2);
}

World full_of_locations() {
    World world;
    for (std::size_t i = 1; i < kMaxLocations; ++i)
        world.put(open_location("l" + std::to_string(i)));
    return world;
}

TEST(CreateLocation, GivesEachOutcome) {
    using enum CreateLocationOutcome;
    const CreateLocation north{location("north"), "North", 2};
    const CreateLocation main{LocationCode::main(), "", 2};
    expect_rows<CreateLocationOutcome>(
        {
            {"new", World(), north, created},
            {"there from the start", World(), main, already_exists, "code"},
            {"there already, and no room", full_of_locations(), main, already_exists, "code"},
            {"no room", full_of_locations(), north, too_many_locations},
        },
        created);
}

TEST(CreateLocation, IsAFact) {
    const Decision decision =
        World().clock(4).decide(CreateLocation{location("north"), "North", 2});
    const Location expected{.code = location("north"),
                            .name = "North",
                            .priority = 2,
                            .version = 1,
                            .created_at = second(4)};
    EXPECT_EQ(std::get<Location>(decision.outcome.result), expected);
    EXPECT_EQ(decision.changes.locations, std::vector{expected});
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::location_created);
    EXPECT_EQ(std::get<Location>(decision.changes.events[0].state), expected);
}

TEST(ReceiveStock, GivesEachOutcome) {
    using enum ReceiveStockOutcome;
    expect_rows<ReceiveStockOutcome>(
        {
            {"more of it", World().item("A", 5), receipt("A", "main", 1), received},
            {"the first of it", World().item("A"), receipt("A", "main", 1), received},
            {"as much as there can be", World().item("A", 1),
             receipt("A", "main", kMaxQuantity - 1), received},
            {"unknown", World(), receipt("A", "main", 1), unknown_sku, "sku"},
            {"retired", retired_item(), receipt("A", "main", 1), unknown_sku, "sku"},
            {"unknown, at an unknown location", World(), receipt("A", "north", 1), unknown_sku,
             "sku"},
            {"unknown location", World().item("A"), receipt("A", "north", kMaxQuantity),
             unknown_location, "location"},
            {"one too many", World().item("A", 1), receipt("A", "main", kMaxQuantity),
             level_too_large, "quantity"},
            {"as much as there can be over all locations", at_two_locations(),
             receipt("A", "north", kMaxQuantity - 5), received},
            {"one too many over all locations", at_two_locations(),
             receipt("A", "north", kMaxQuantity - 4), level_too_large, "quantity"},
        },
        received);
}

TEST(ReceiveStock, WritesTheLedger) {
    World world = World().item("A", 5).clock(6);
    const Decision decision =
        world.decide_and_apply(ReceiveStock{sku("A"), LocationCode::main(), 3, "delivery", "DN-7"});
    const Level expected{sku("A"), LocationCode::main(), 8, 0, 2};
    EXPECT_EQ(std::get<Level>(decision.outcome.result), expected);
    EXPECT_EQ(decision.changes.levels, std::vector{expected});
    const Movement movement{.sku = sku("A"),
                            .location = LocationCode::main(),
                            .kind = MovementKind::receipt,
                            .quantity = 3,
                            .reason = "delivery",
                            .reference = "DN-7",
                            .order = std::nullopt,
                            .command = id(200),
                            .actor = "user:test",
                            .at = second(6)};
    EXPECT_EQ(decision.changes.movements, std::vector{movement});
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::stock_received);
    EXPECT_EQ(std::get<Movement>(decision.changes.events[0].state), movement);
    EXPECT_TRUE(decision.changes.items.empty());
}

World held_item() {
    return World().item("A", 5).order(1, new_order({line("A", 2)}));
}

TEST(AdjustStock, GivesEachOutcome) {
    using enum AdjustStockOutcome;
    expect_rows<AdjustStockOutcome>(
        {
            {"up", World().item("A", 5), adjustment("A", "main", 1), adjusted},
            {"down to nothing", World().item("A", 5), adjustment("A", "main", -5), adjusted},
            {"down to what is held", held_item(), adjustment("A", "main", -3), adjusted},
            {"down over a hold that is due", World(held_item()).clock(900),
             adjustment("A", "main", -5), adjusted},
            {"unknown", World(), adjustment("A", "north", -1), unknown_sku, "sku"},
            {"retired", retired_item(), adjustment("A", "main", 1), unknown_sku, "sku"},
            {"unknown location", World().item("A", 5), adjustment("A", "north", -1),
             unknown_location, "location"},
            {"below nothing", World().item("A", 5), adjustment("A", "main", -6), insufficient_stock,
             "quantity"},
            {"where there never was any", World().item("A"), adjustment("A", "main", -1),
             insufficient_stock, "quantity"},
            {"below what is held", held_item(), adjustment("A", "main", -4), insufficient_stock,
             "quantity"},
            {"by all there could be", held_item(), adjustment("A", "main", -kMaxQuantity),
             insufficient_stock, "quantity"},
            {"one too many", World().item("A", 1), adjustment("A", "main", kMaxQuantity),
             level_too_large, "quantity"},
            {"as much as there can be over all locations", at_two_locations(),
             adjustment("A", "north", kMaxQuantity - 5), adjusted},
            {"one too many over all locations", at_two_locations(),
             adjustment("A", "north", kMaxQuantity - 4), level_too_large, "quantity"},
        },
        adjusted);
}

TEST(AdjustStock, WritesTheLedger) {
    World world = World().item("A", 5);
    const Decision decision =
        world.decide_and_apply(AdjustStock{sku("A"), LocationCode::main(), -2, "broken", "R-1"});
    EXPECT_EQ(std::get<Level>(decision.outcome.result),
              (Level{sku("A"), LocationCode::main(), 3, 0, 2}));
    ASSERT_EQ(decision.changes.movements.size(), 1U);
    EXPECT_EQ(decision.changes.movements[0].kind, MovementKind::adjustment);
    EXPECT_EQ(decision.changes.movements[0].quantity, -2);
    EXPECT_EQ(decision.changes.movements[0].reason, "broken");
    EXPECT_EQ(decision.changes.movements[0].reference, "R-1");
    EXPECT_EQ(decision.changes.events.at(0).type, EventType::stock_adjusted);
}

TEST(AdjustStock, KeepsWhatItExpiredAlsoWhenItIsRefused) {
    World world = World(held_item()).clock(900);
    const Decision decision = world.decide_and_apply(adjustment("A", "main", -6));
    EXPECT_EQ(std::get<AdjustStockOutcome>(decision.outcome.code),
              AdjustStockOutcome::insufficient_stock);
    EXPECT_EQ(std::get<Level>(decision.outcome.result),
              (Level{sku("A"), LocationCode::main(), 5, 0, 3}));
    EXPECT_EQ(world.order_of(1).state, OrderState::expired);
    EXPECT_EQ(world.stock("A"), std::pair(Quantity{5}, Quantity{0}));
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::order_expired);
}

TEST(AdjustStock, LeavesDueHoldsAloneWhenThereIsEnough) {
    World world = World(held_item()).clock(900);
    EXPECT_EQ(std::get<AdjustStockOutcome>(
                  world.decide_and_apply(adjustment("A", "main", -3)).outcome.code),
              AdjustStockOutcome::adjusted);
    EXPECT_EQ(world.order_of(1).state, OrderState::reserved);
}

}  // namespace
}  // namespace stockroom::domain
