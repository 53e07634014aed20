#include "stockroom/contract/names.hpp"

#include <set>

#include <gtest/gtest.h>

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using namespace domain;

TEST(Names, OfKindsAreTheEnumeratorsOwnAndReadBack) {
    EXPECT_EQ(to_string(CommandKind::create_item), "create_item");
    EXPECT_EQ(to_string(CommandKind::expire_order), "expire_order");
    std::set<std::string_view> names;
    for (const auto kind : testing::kAllKinds) {
        names.insert(to_string(kind));
        EXPECT_EQ(parse_command_kind(to_string(kind)), kind);
    }
    EXPECT_EQ(names.size(), testing::kAllKinds.size());
    for (const auto* text : {"", "Create_item", "create-item", "create_item ", "no_such_kind"})
        EXPECT_EQ(parse_command_kind(text), std::nullopt) << text;
}

TEST(Names, OfStatesReadBack) {
    using enum OrderState;
    for (const auto state :
         {reserved, confirmed, partially_fulfilled, fulfilled, rejected, expired, cancelled}) {
        EXPECT_EQ(parse_order_state(to_string(state)), state);
    }
    EXPECT_EQ(to_string(partially_fulfilled), "partially_fulfilled");
    EXPECT_EQ(parse_order_state("pending"), std::nullopt);
    for (const auto state :
         {HoldState::pending, HoldState::committed, HoldState::expired, HoldState::ended}) {
        EXPECT_EQ(parse_hold_state(to_string(state)), state);
    }
    EXPECT_EQ(parse_hold_state("reserved"), std::nullopt);
    for (const auto state : {DeadLetterState::waiting, DeadLetterState::replaying,
                             DeadLetterState::replayed, DeadLetterState::discarded}) {
        EXPECT_EQ(parse_dead_letter_state(to_string(state)), state);
    }
    EXPECT_EQ(parse_dead_letter_state("pending"), std::nullopt);
    EXPECT_EQ(to_string(MovementKind::customer_return), "customer_return");
}

TEST(Names, OfEventsHaveAPointBetweenThingAndFact) {
    const std::pair<EventType, std::string_view> types[] = {
        {EventType::item_created, "item.created"},
        {EventType::item_changed, "item.changed"},
        {EventType::item_retired, "item.retired"},
        {EventType::item_revived, "item.revived"},
        {EventType::location_created, "location.created"},
        {EventType::stock_received, "stock.received"},
        {EventType::stock_adjusted, "stock.adjusted"},
        {EventType::order_reserved, "order.reserved"},
        {EventType::order_confirmed, "order.confirmed"},
        {EventType::order_partially_fulfilled, "order.partially_fulfilled"},
        {EventType::order_fulfilled, "order.fulfilled"},
        {EventType::order_rejected, "order.rejected"},
        {EventType::order_expired, "order.expired"},
        {EventType::order_cancelled, "order.cancelled"},
        {EventType::order_returned, "order.returned"},
        {EventType::record_inserted, "record.inserted"},
        {EventType::record_replaced, "record.replaced"},
        {EventType::record_deleted, "record.deleted"},
        {EventType::level_changed, "level.changed"},
        {EventType::dead_letter_waiting, "dead_letter.waiting"},
        {EventType::dead_letter_replaying, "dead_letter.replaying"},
        {EventType::dead_letter_replayed, "dead_letter.replayed"},
        {EventType::dead_letter_discarded, "dead_letter.discarded"},
    };
    for (const auto& [type, name] : types) {
        EXPECT_EQ(to_string(type), name);
        EXPECT_EQ(parse_event_type(name), type);
    }
    EXPECT_EQ(parse_event_type("order_reserved"), std::nullopt);
}

TEST(Names, OfOutcomesReadBackForTheirKind) {
    for (const auto kind : testing::kAllKinds) {
        std::set<std::string_view> names;
        for (const auto& code : testing::codes_of(kind)) {
            names.insert(to_string(code));
            EXPECT_EQ(parse_outcome_code(kind, to_string(code)), code) << to_string(code);
        }
        EXPECT_EQ(names.size(), testing::codes_of(kind).size()) << to_string(kind);
    }
    EXPECT_EQ(parse_outcome_code(CommandKind::create_item, "changed"), std::nullopt);
    EXPECT_EQ(parse_outcome_code(CommandKind::create_item, ""), std::nullopt);
    EXPECT_EQ(parse_outcome_code(CommandKind::create_item, "created"),
              OutcomeCode(CreateItemOutcome::created));
    EXPECT_EQ(parse_outcome_code(CommandKind::create_location, "created"),
              OutcomeCode(CreateLocationOutcome::created));
}

TEST(Names, OfQueuesGoByTheDecidingService) {
    EXPECT_EQ(queue_of(CommandKind::retire_item), "stockroom.catalogue");
    EXPECT_EQ(queue_of(CommandKind::put_item), "stockroom.catalogue");
    EXPECT_EQ(queue_of(CommandKind::create_location), "stockroom.stock");
    EXPECT_EQ(queue_of(CommandKind::adjust_stock), "stockroom.stock");
    EXPECT_EQ(queue_of(CommandKind::place_order), "stockroom.orders");
    EXPECT_EQ(queue_of(CommandKind::expire_order), "stockroom.orders");
    EXPECT_EQ(queue_of(CommandKind::insert_record), "stockroom.records");
    EXPECT_EQ(queue_of(CommandKind::delete_record), "stockroom.records");
    EXPECT_EQ(queue_of(CommandKind::replay_dead_letter), "stockroom.health");
    EXPECT_TRUE(is_for(CommandKind::place_order, kOrdersQueue));
    EXPECT_FALSE(is_for(CommandKind::place_order, kStockQueue));
    EXPECT_TRUE(is_for(CommandKind::ping, kOrdersQueue));
    EXPECT_TRUE(is_for(CommandKind::ping, kStockQueue));
}

TEST(EventKey, NamesTheThingAndItsVersion) {
    struct Case {
        Event event;
        std::string_view key;
        Version version;
    };
    const auto event = [](auto state) {
        return Event{.type = EventType::item_created,
                     .state = std::move(state),
                     .command = testing::uuid("01938a1e-4c00-7000-8000-0000000000aa"),
                     .actor = "a",
                     .at = {}};
    };
    auto item = testing::sample_item();
    item.item.sku = testing::sku("a/b");
    const Movement movement{testing::sku("IB1"),
                            LocationCode::main(),
                            MovementKind::receipt,
                            5,
                            "",
                            "",
                            std::nullopt,
                            {},
                            "",
                            {}};
    const Case cases[] = {
        {event(item), "item/a/b", 4},
        {event(testing::sample_location()), "location/north", 1},
        {event(movement), "movement/01938a1e-4c00-7000-8000-0000000000aa", 1},
        {event(testing::sample_order()), "order/01938a1e-4c00-7000-8000-000000000001", 2},
        {event(testing::sample_level()), "level/IB1/main", 12},
        {event(testing::sample_record()), "record/PES 1/2", 2},
        {event(testing::sample_dead_letter()), "dead_letter/01938a1e-4c00-7000-8000-000000000001",
         5},
    };
    for (const auto& [given, key, version] : cases) {
        EXPECT_EQ(event_key(given), key);
        EXPECT_EQ(event_version(given), version);
    }
}

}  // namespace
}  // namespace stockroom::contract
