#include "stockroom/domain/snapshot.hpp"

#include "stockroom/base/check.hpp"

#include "testing/world.hpp"

namespace stockroom::domain {
namespace {

using namespace testing;

Item item(std::string_view name) {
    return {.sku = sku(name),
            .name = "",
            .label = "",
            .price = cents(1),
            .created_at = second(0),
            .updated_at = second(0)};
}

Level level(std::string_view of, std::string_view where, Quantity on_hand) {
    return {.sku = sku(of), .location = location(where), .on_hand = on_hand, .version = 1};
}

TEST(Snapshot, CallsItABugToReadWhatWasNotLoaded) {
    Snapshot snapshot(second(0));
    EXPECT_THROW((void)snapshot.find_item(sku("A")), base::bug);
    EXPECT_THROW((void)snapshot.levels_of(sku("A")), base::bug);
    EXPECT_THROW((void)snapshot.find_order(id(1)), base::bug);
    EXPECT_THROW((void)snapshot.find_record(srn("R")), base::bug);
    snapshot.add_sku(sku("A"));
    snapshot.add_missing_order(id(1));
    snapshot.add_missing_record(srn("R"));
    EXPECT_EQ(snapshot.find_record(srn("R")), nullptr);
    EXPECT_THROW((void)snapshot.find_dead_letter(id(2)), base::bug);
    snapshot.add_missing_dead_letter(id(2));
    EXPECT_EQ(snapshot.find_dead_letter(id(2)), nullptr);
    EXPECT_EQ(snapshot.find_item(sku("A")), nullptr);
    EXPECT_TRUE(snapshot.levels_of(sku("A")).empty());
    EXPECT_EQ(snapshot.find_order(id(1)), nullptr);
}

TEST(Snapshot, TellsNewRowsFromChangedOnesInKeyOrder) {
    Snapshot snapshot(second(0));
    for (const auto* name : {"A", "B", "C"})
        snapshot.add_sku(sku(name));
    snapshot.add_item(item("B"));
    snapshot.add_level(level("B", "main", 1));
    snapshot.add_level(level("C", "main", 1));

    Changes changes;
    changes.items = {item("B"), item("A")};
    changes.levels = {level("B", "main", 2), level("B", "east", 3), level("A", "main", 4)};
    changes.locations = {open_location("east")};
    snapshot.apply(changes);

    const auto items = snapshot.changed_items();
    ASSERT_EQ(items.size(), 2U);
    EXPECT_EQ(items[0]->state.sku, sku("A"));
    EXPECT_FALSE(items[0]->stored);
    EXPECT_TRUE(items[1]->stored);
    const auto levels = snapshot.changed_levels();
    ASSERT_EQ(levels.size(), 3U);
    EXPECT_EQ(levels[0]->state, level("A", "main", 4));
    EXPECT_EQ(levels[1]->state, level("B", "east", 3));
    EXPECT_FALSE(levels[1]->stored);
    EXPECT_EQ(levels[2]->state, level("B", "main", 2));
    EXPECT_TRUE(levels[2]->stored);
    ASSERT_EQ(snapshot.changed_locations().size(), 1U);
    EXPECT_TRUE(snapshot.changed_orders().empty());
    EXPECT_TRUE(snapshot.changed_holds().empty());
}

TEST(Snapshot, KeepsInMindThatANewRowIsNewWhenItChangesAgain) {
    Snapshot snapshot(second(0));
    snapshot.add_missing_order(id(1));
    Changes changes;
    changes.orders = {Order{.id = id(1),
                            .customer = "",
                            .lines = {},
                            .execution_price = cents(0),
                            .reference = "",
                            .actor = "",
                            .created_at = second(0),
                            .updated_at = second(0)}};
    snapshot.apply(changes);
    changes.orders[0].version = 2;
    snapshot.apply(changes);
    const auto orders = snapshot.changed_orders();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_FALSE(orders[0]->stored);
    EXPECT_EQ(orders[0]->state.version, 2);
}

TEST(Snapshot, KnowsTheDueHoldsOfASkuEarliestFirst) {
    Snapshot snapshot(second(100));
    const auto hold = [](std::uint8_t number, std::int64_t expires) {
        return Hold{.id = id(number),
                    .state = HoldState::pending,
                    .order = id(number),
                    .expires_at = second(expires),
                    .lines = {{sku("A"), location("main"), 1}, {sku("A"), location("b"), 1}},
                    .version = 1};
    };
    snapshot.add_hold(hold(1, 100));
    snapshot.add_hold(hold(2, 101));
    snapshot.add_hold(hold(3, 50));
    EXPECT_EQ(snapshot.due_holds(sku("A")), (std::vector{id(3), id(1)}));
    EXPECT_TRUE(snapshot.due_holds(sku("B")).empty());

    Changes changes;
    changes.holds = {hold(3, 50)};
    changes.holds[0].state = HoldState::committed;
    changes.holds[0].expires_at.reset();
    snapshot.apply(changes);
    EXPECT_EQ(snapshot.due_holds(sku("A")), std::vector{id(1)});
}

}  // namespace
}  // namespace stockroom::domain
