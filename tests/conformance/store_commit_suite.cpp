#include <algorithm>
#include <limits>
#include <string>

#include "store_suite.hpp"

namespace stockroom::conformance {

using domain::kMaxQuantity;

namespace {

const domain::Sku kApple = sku("IB1");

/// As long as a text may be, from code points of every length in UTF-8.
std::string long_text(std::size_t code_points) {
    std::string text;
    for (std::size_t i = 0; i < code_points; ++i)
        text += i % 2 == 0 ? "\xf0\x9f\x8d\x8e" : "ß";
    return text;
}

domain::Item extreme_item(base::Time now) {
    return {.sku = sku(std::string(62, '~') + "'\""),
            .name = long_text(domain::kMaxNameLength),
            .label = long_text(domain::kMaxLabelLength),
            .price = base::Money::from_minor(std::numeric_limits<std::int64_t>::max()),
            .reorder_point = kMaxQuantity,
            .retired = false,
            .version = kMaxQuantity,
            .created_at = now,
            .updated_at = now.plus(std::chrono::microseconds(1))};
}

domain::OrderView extreme_order(const domain::Sku& of, base::Time now) {
    auto view = reserved(id(7), {of, kApple}, now, now.plus(std::chrono::hours(1)));
    view.order.customer = long_text(domain::kMaxCustomerLength);
    view.order.reference = long_text(domain::kMaxReferenceLength);
    view.order.actor = long_text(domain::kMaxActorLength);
    view.order.cancel_reason = long_text(domain::kMaxReasonLength);
    view.order.execution_price = base::Money::from_minor(std::numeric_limits<std::int64_t>::max());
    view.order.lines[0] = {.sku = of,
                           .quantity = kMaxQuantity,
                           .unit_price = base::Money::from_minor(0),
                           .returned = 3};
    view.hold->lines[0] = {.sku = of,
                           .location = domain::LocationCode::main(),
                           .quantity = kMaxQuantity,
                           .posted = 5,
                           .voided = kMaxQuantity - 5};
    view.order.version = 9;
    view.hold->version = 8;
    return view;
}

}  // namespace

TEST_P(StoreSuite, HasTheLocationMainFromTheStart) {
    const auto transaction = must(store().begin({}, {}, soon()));
    const auto* main = transaction->snapshot().find_location(domain::LocationCode::main());
    ASSERT_NE(main, nullptr);
    EXPECT_EQ(main->version, 1);
    EXPECT_EQ(must(queries().locations({})).rows, std::vector{*main});
}

TEST_P(StoreSuite, KeepsItemsLevelsAndOrdersToTheLastBit) {
    const auto extreme = extreme_item(now());
    const auto order = extreme_order(extreme.sku, now());
    auto batch = stocked(kApple, 10, now());
    batch += placed(order);
    batch.changes.items.push_back(extreme);
    batch.changes.levels.push_back(level(extreme.sku, kMaxQuantity, kMaxQuantity));
    given(store(), batch);
    reopen();

    const auto transaction =
        must(store().begin({}, {.orders = {order.order.id}, .skus = {}}, soon()));
    const auto& snapshot = transaction->snapshot();
    // The order's SKUs are loaded with it.
    ASSERT_NE(snapshot.find_item(extreme.sku), nullptr);
    EXPECT_EQ(*snapshot.find_item(extreme.sku), extreme);
    EXPECT_EQ(snapshot.levels_of(extreme.sku).at(domain::LocationCode::main()).state,
              batch.changes.levels.back());
    ASSERT_NE(snapshot.find_order(order.order.id), nullptr);
    EXPECT_EQ(*snapshot.find_order(order.order.id), order.order);
    ASSERT_NE(snapshot.find_hold(order.order.id), nullptr);
    EXPECT_EQ(*snapshot.find_hold(order.order.id), *order.hold);
    EXPECT_EQ(must(queries().order(order.order.id)), order);
    EXPECT_EQ(must(queries().item(extreme.sku)),
              (domain::ItemView{.item = extreme, .on_hand = kMaxQuantity, .held = kMaxQuantity}));
}

TEST_P(StoreSuite, KeepsLedgerOutcomesLogAndDeadCommandsToTheLastBit) {
    auto batch = stocked(kApple, 0, now());
    batch.changes.movements.push_back({.sku = kApple,
                                       .location = domain::LocationCode::main(),
                                       .kind = domain::MovementKind::shipment,
                                       .quantity = -kMaxQuantity,
                                       .reason = long_text(domain::kMaxReasonLength),
                                       .reference = "R\n\t\"",
                                       .order = id(3),
                                       .command = id(4),
                                       .actor = "user:ß",
                                       .at = now()});
    batch.outcomes.push_back({.command = id(4),
                              .kind = "place_order",
                              .fingerprint = base::fingerprint_of("ß"),
                              .bytes = std::string(100'000, 'x') + "🍎",
                              .at = now()});
    batch.events.push_back({.type = "order.reserved",
                            .key = "order/1",
                            .version = kMaxQuantity,
                            .command = id(4),
                            .actor = "user:ß",
                            .at = now(),
                            .data = std::string(100'000, 'y') + "🍎"});
    batch.dead.push_back({.command = id(5),
                          .kind = "place_order",
                          .queue = "stockroom.orders",
                          .reason = "ß",
                          .bytes = std::string(100'000, 'z'),
                          .at = now()});
    given(store(), batch);
    reopen();

    EXPECT_EQ(must(queries().movements(kApple, {})).rows, batch.changes.movements);
    const auto stored = must(queries().outcome(id(4)));
    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(stored->kind, "place_order");
    EXPECT_EQ(stored->fingerprint, batch.outcomes[0].fingerprint);
    EXPECT_EQ(stored->bytes, batch.outcomes[0].bytes);
    EXPECT_EQ(stored->at, batch.outcomes[0].at);
    const auto log = must(queries().events_after(0, 10));
    ASSERT_EQ(log.size(), 1U);
    EXPECT_EQ(log[0].position, 1);
    EXPECT_EQ(log[0].event.type, "order.reserved");
    EXPECT_EQ(log[0].event.key, "order/1");
    EXPECT_EQ(log[0].event.version, kMaxQuantity);
    EXPECT_EQ(log[0].event.command, id(4));
    EXPECT_EQ(log[0].event.actor, "user:ß");
    EXPECT_EQ(log[0].event.at, batch.events[0].at);
    EXPECT_EQ(log[0].event.data, batch.events[0].data);
    const auto dead = must(queries().dead_letter(id(5), 1'000'000));
    ASSERT_TRUE(dead.has_value());
    EXPECT_EQ(dead->kind, "place_order");
    EXPECT_EQ(dead->queue, "stockroom.orders");
    EXPECT_EQ(dead->reason, "ß");
    EXPECT_EQ(dead->bytes, batch.dead[0].bytes);
    EXPECT_EQ(dead->first_at, batch.dead[0].at);
}

TEST_P(StoreSuite, KeepsEachOrderAndHoldState) {
    using domain::HoldState;
    using domain::OrderState;
    given(store(), stocked(kApple, 100, now()));
    constexpr std::array kOrders{OrderState::reserved,  OrderState::confirmed,
                                 OrderState::fulfilled, OrderState::partially_fulfilled,
                                 OrderState::rejected,  OrderState::expired,
                                 OrderState::cancelled};
    constexpr std::array kHolds{HoldState::pending, HoldState::committed, HoldState::expired,
                                HoldState::ended};
    int number = 0;
    for (const auto order_state : kOrders) {
        for (const auto hold_state : kHolds) {
            auto view = reserved(id(++number), {kApple}, now(), now().plus(std::chrono::hours(1)));
            view.order.state = order_state;
            view.hold->state = hold_state;
            if (hold_state != HoldState::pending) view.hold->expires_at.reset();
            given(store(), placed(view));
            EXPECT_EQ(must(queries().order(view.order.id)), view);
        }
    }
    auto rejected = reserved(id(0), {kApple}, now(), now());
    rejected.hold.reset();
    given(store(), placed(rejected));
    EXPECT_EQ(must(queries().order(rejected.order.id)), rejected);
    EXPECT_EQ(must(queries().order(id(-1))), std::nullopt);
}

TEST_P(StoreSuite, KeepsEachKindOfMovement) {
    using enum domain::MovementKind;
    Batch batch = stocked(kApple, 0, now());
    for (const auto kind : {opening, receipt, adjustment, shipment, customer_return, retirement}) {
        batch.changes.movements.push_back(movement(kApple, 1, id(1), now()));
        batch.changes.movements.back().kind = kind;
    }
    given(store(), batch);
    auto movements = must(queries().movements(kApple, {})).rows;
    std::ranges::reverse(movements);
    EXPECT_EQ(movements, batch.changes.movements);
}

TEST_P(StoreSuite, WritesWhatDecisionsChange) {
    given(store(), changing(location("north", 2, now())));
    auto batch = stocked(kApple, 10, now());
    const auto pear = sku("IB2");
    batch += stocked(pear, 10, now());
    auto view = reserved(id(1), {kApple, pear}, now(), now().plus(std::chrono::hours(1)));
    batch += placed(view);
    given(store(), batch);

    auto item = batch.changes.items[0];
    item.name = "Apple juice";
    item.label = "juice";
    item.price = base::Money::from_minor(0);
    item.reorder_point = 4;
    item.version = 2;
    item.updated_at = now();
    view.order.state = domain::OrderState::partially_fulfilled;
    view.order.version = 2;
    view.order.updated_at = now();
    view.order.lines[1].returned = 1;
    view.hold->state = domain::HoldState::committed;
    view.hold->expires_at.reset();
    view.hold->version = 2;
    view.hold->lines[0].posted = 1;
    view.hold->lines[1].voided = 1;
    auto main = level(kApple, 9, 1);
    main.version = 2;
    const auto north = level(kApple, 5, 0, code("north"));
    given(store(), changing(item, main, north, view.order, *view.hold));
    reopen();
    EXPECT_EQ(must(queries().order(id(1))), view);
    const auto stock = must(queries().stock(kApple));
    ASSERT_TRUE(stock.has_value());
    EXPECT_EQ(stock->item, (domain::ItemView{.item = item, .on_hand = 14, .held = 1}));
    EXPECT_EQ(stock->levels, (std::vector{main, north}));
}

TEST_P(StoreSuite, CommitsABatchOfOneThousand) {
    given(store(), stocked(kApple, 1'000'000, now()));
    std::vector<base::Uuid> commands;
    for (int number = 1; number <= 1000; ++number)
        commands.push_back(id(number));
    const auto transaction =
        must(store().begin(commands, {.orders = {}, .skus = {kApple}}, soon()));
    auto& snapshot = transaction->snapshot();
    const auto expires_at = snapshot.now().plus(std::chrono::hours(1));
    Batch batch;
    for (const auto& command : commands)
        batch += placed(reserved(command, {kApple}, snapshot.now(), expires_at));
    batch.changes.levels.push_back(level(kApple, 1'000'000, 1000));
    snapshot.apply(batch.changes);
    must(transaction->commit(
        {.movements = {}, .outcomes = batch.outcomes, .events = batch.events, .dead = {}}));
    reopen();
    EXPECT_EQ(must(store().begin(commands, {}, soon()))->outcomes().size(), 1000U);
    EXPECT_EQ(must(queries().events_after(0, 2000)).size(), 1000U);
    EXPECT_EQ(must(queries().item(kApple))->held, 1000);
}

TEST_P(StoreSuite, ABatchThatIsNotCommittedLeavesNoTrace) {
    {
        const auto transaction = must(store().begin({}, {.orders = {}, .skus = {kApple}}, soon()));
        transaction->snapshot().apply(stocked(kApple, 5, transaction->snapshot().now()).changes);
    }
    EXPECT_EQ(must(queries().item(kApple)), std::nullopt);
    given(store(), stocked(kApple, 5, now()));
    EXPECT_EQ(must(queries().item(kApple))->on_hand, 5);
}

TEST_P(StoreSuite, FindsTheOutcomesOfARedelivery) {
    given(store(), {.outcomes = {outcome(id(1), now()), outcome(id(2), now())}});
    reopen();
    const std::array commands{id(3), id(2), id(1)};
    const auto found = must(store().begin(commands, {}, soon()))->outcomes();
    std::vector<base::Uuid> ids;
    for (const auto& stored : found)
        ids.push_back(stored.command);
    EXPECT_THAT(ids, testing::UnorderedElementsAre(id(1), id(2)));
}

TEST_P(StoreSuite, RefusesAnIdThatIsThereAsAConflict) {
    auto first = stocked(kApple, 5, now());
    first += placed(reserved(id(1), {kApple}, now(), now().plus(std::chrono::hours(1))));
    given(store(), first);

    Batch outcome_again{.events = {event("a", 1, now())}};
    outcome_again.outcomes.push_back(outcome(id(1), now()));
    Batch order_again{.events = {event("a", 1, now())}};
    order_again.changes.orders.push_back(first.changes.orders[0]);
    Batch item_again{.events = {event("a", 1, now())}};
    item_again.changes.items.push_back(first.changes.items[0]);
    for (const auto& batch : {outcome_again, order_again, item_again}) {
        // Nothing is loaded, so all looks new.
        const auto refused = write(store(), {}, [&](const domain::Snapshot&) { return batch; });
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, ports::ErrorKind::conflict) << refused.error().detail;
    }
    EXPECT_EQ(must(queries().events_after(0, 10)).size(), 1U);
}

TEST_P(StoreSuite, RefusesStockBelowZeroOrHeldAndSetsNothingDown) {
    given(store(), stocked(kApple, 5, now()));
    auto below = level(kApple, -1);
    auto over_held = level(kApple, 5, 6);
    auto negative_held = level(kApple, 5, -1);
    auto too_large = level(kApple, kMaxQuantity + 1);
    for (const auto& wrong : {below, over_held, negative_held, too_large}) {
        Batch batch{.outcomes = {outcome(id(1), now())}, .events = {event("a", 1, now())}};
        batch.changes.levels.push_back(wrong);
        const auto refused = write(store(), {.orders = {}, .skus = {kApple}},
                                   [&](const domain::Snapshot&) { return batch; });
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, ports::ErrorKind::permanent) << refused.error().detail;
    }
    EXPECT_EQ(must(queries().item(kApple))->on_hand, 5);
    EXPECT_EQ(must(queries().outcome(id(1))).has_value(), false);
    EXPECT_TRUE(must(queries().events_after(0, 10)).empty());
    given(store(), {.outcomes = {outcome(id(1), now())}});
}

TEST_P(StoreSuite, ItsClockNeverGoesBack) {
    const auto before = base::Time::now();
    auto last = now();
    EXPECT_GE(last, before);
    for (int i = 0; i < 20; ++i) {
        given(store(), {.outcomes = {outcome(id(i), last)}});
        const auto next = now();
        EXPECT_GE(next, last);
        last = next;
    }
}

}  // namespace stockroom::conformance
