#include "stockroom/domain/decide.hpp"

#include "stockroom/base/check.hpp"

#include "testing/world.hpp"

namespace stockroom::domain {
namespace {

using namespace testing;

Keys keys_of(CommandBody body) {
    Keys keys;
    add_keys(Command{id(9), "", {}, std::move(body)}, keys);
    return keys;
}

TEST(AddKeys, NamesWhatEachCommandTouches) {
    const std::vector<CommandBody> on_skus = {
        new_item("A"), ChangeItem{sku("A"), {}, {}, {}, {}, {}}, RetireItem{sku("A"), {}},
        receipt("A", "main", 1), adjustment("A", "main", 1)};
    for (const CommandBody& body : on_skus) {
        EXPECT_EQ(keys_of(body).skus, std::vector{sku("A")}) << body.index();
        EXPECT_TRUE(keys_of(body).orders.empty()) << body.index();
    }
    const std::vector<CommandBody> on_orders = {
        ConfirmOrder{id(1), {}},
        FulfilOrder{id(1), {}, {}},
        CancelOrder{id(1), "", {}},
        CloseOrder{id(1), {}},
        ReturnGoods{id(1), {line("A", 1)}, LocationCode::main(), "", {}},
        ExpireOrder{id(1)}};
    for (const CommandBody& body : on_orders) {
        EXPECT_EQ(keys_of(body).orders, std::vector{id(1)}) << body.index();
        EXPECT_TRUE(keys_of(body).skus.empty()) << body.index();
    }
    const Keys placed = keys_of(new_order({line("B", 1), line("A", 1)}));
    EXPECT_EQ(placed.skus, (std::vector{sku("B"), sku("A")}));
    EXPECT_TRUE(placed.orders.empty());
    for (const CommandBody& body :
         {CommandBody(InsertRecord{srn("R"), "", ""}), CommandBody(DeleteRecord{srn("R")})}) {
        const Keys keys = keys_of(body);
        EXPECT_EQ(keys.records, std::vector{srn("R")}) << body.index();
        EXPECT_TRUE(keys.skus.empty() && keys.orders.empty()) << body.index();
    }
    for (const CommandBody& body :
         {CommandBody(ReplayDeadLetter{id(1), ""}), CommandBody(DiscardDeadLetter{id(1), "x"})}) {
        EXPECT_EQ(keys_of(body).dead_letters, std::vector{id(1)}) << body.index();
        EXPECT_TRUE(keys_of(body).orders.empty()) << body.index();
    }
    const Keys location_keys = keys_of(CreateLocation{location("north"), "", 1});
    EXPECT_TRUE(location_keys.skus.empty() && location_keys.orders.empty());
    const Keys none = keys_of(Ping{});
    EXPECT_TRUE(none.skus.empty() && none.orders.empty());
}

TEST(Decide, AnswersAPingAndChangesNothing) {
    const Decision decision = World().item("A", 5).decide(Ping{});
    EXPECT_EQ(decision.outcome.code, OutcomeCode(PingOutcome::answered));
    EXPECT_TRUE(decision.changes.empty());
}

TEST(Normalize, SortsAndDropsDoubles) {
    Keys keys{{id(2), id(1), id(2)},
              {sku("B"), sku("A"), sku("B")},
              {srn("2"), srn("1"), srn("2")},
              {id(4), id(3), id(4)}};
    normalize(keys);
    EXPECT_EQ(keys.orders, (std::vector{id(1), id(2)}));
    EXPECT_EQ(keys.skus, (std::vector{sku("A"), sku("B")}));
    EXPECT_EQ(keys.records, (std::vector{srn("1"), srn("2")}));
    EXPECT_EQ(keys.dead_letters, (std::vector{id(3), id(4)}));
}

TEST(Decide, CallsItABugWhenALevelWouldBreak) {
    // More is held than is there: a store that was altered behind our back.
    World world = World().item("A", 5).order(1, new_order({line("A", 5)}));
    world.put(Level{sku("A"), LocationCode::main(), 5, 4, 3});
    EXPECT_THROW((void)world.decide(CancelOrder{id(1), "", {}}), base::bug);

    world.put(Level{sku("A"), LocationCode::main(), 2, 5, 3});
    EXPECT_THROW((void)world.decide(receipt("A", "main", 1)), base::bug);
}

TEST(Decide, CallsItABugWhenAHoldDoesNotFitItsOrder) {
    World world = World().item("A", 5).order(1, new_order({line("A", 5)}));
    Hold hold = world.hold_of(1);
    hold.lines[0].posted = 6;
    world.put(hold);
    EXPECT_THROW((void)world.decide(ConfirmOrder{id(1), {}}), base::bug);
}

TEST(Decide, CallsItABugWhenAShippedSkuHasNoHoldLine) {
    World world = World().item("A", 5).item("B", 5).order(1, [] {
        PlaceOrder wish = new_order({line("A", 1), line("B", 1)});
        wish.confirm = wish.fulfil = true;
        return wish;
    }());
    Hold broken = world.hold_of(1);
    broken.lines.pop_back();
    world.put(broken);
    EXPECT_THROW((void)world.decide(ReturnGoods{id(1), {line("B", 1)}, location("main"), "", {}}),
                 base::bug);
}

TEST(Decide, CallsItABugWhenTheOpeningStockIsTooMuch) {
    CreateItem wish = new_item("A");
    wish.opening = {{location("main"), kMaxQuantity}, {location("north"), 1}};
    EXPECT_THROW((void)World().with_location("north", 1).decide(wish), base::bug);
}

TEST(Decide, CallsItABugToFulfilWhatIsNotConfirmed) {
    PlaceOrder wish = new_order({line("A", 1)});
    wish.fulfil = true;
    EXPECT_THROW((void)World().item("A", 5).decide(wish), base::bug);
}

TEST(Decide, IsPureAndDecidesNothingByTheClientsClock) {
    const World world = World().item("A", 5);
    const Snapshot snapshot = world.snapshot();
    const Command command{id(9), "user:test", second(77), new_order({line("A", 1)})};
    const Decision first = decide(snapshot, command);
    const Decision second_time = decide(snapshot, command);
    EXPECT_EQ(first.outcome, second_time.outcome);
    EXPECT_EQ(first.changes.orders, second_time.changes.orders);
    EXPECT_EQ(first.changes.orders.at(0).created_at, second(0));
}

}  // namespace
}  // namespace stockroom::domain
