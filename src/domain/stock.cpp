#include "rules.hpp"

namespace stockroom::domain {

Outcome decide(Draft& draft, const CreateLocation& wish) {
    using enum CreateLocationOutcome;
    if (const Location* known = draft.snapshot().find_location(wish.code))
        return outcome(already_exists, *known, "code");
    if (draft.snapshot().count_locations() >= kMaxLocations) return outcome(too_many_locations);

    const Location location{.code = wish.code,
                            .name = wish.name,
                            .priority = wish.priority,
                            .version = 1,
                            .created_at = draft.now()};
    draft.set(location);
    draft.record(EventType::location_created, location);
    return outcome(created, location);
}

Outcome decide(Draft& draft, const ReceiveStock& wish) {
    using enum ReceiveStockOutcome;
    if (find_live_item(draft, wish.sku) == nullptr) return refusal(unknown_sku, "sku");
    if (draft.snapshot().find_location(wish.location) == nullptr)
        return refusal(unknown_location, "location");
    if (wish.quantity > draft.room_for(wish.sku)) return refusal(level_too_large, "quantity");

    draft.move(wish.sku, wish.location, wish.quantity,
               {MovementKind::receipt, wish.reason, wish.reference, {}});
    draft.record(EventType::stock_received, draft.last_movement());
    return outcome(received, draft.level_at(wish.sku, wish.location));
}

Outcome decide(Draft& draft, const AdjustStock& wish) {
    using enum AdjustStockOutcome;
    if (find_live_item(draft, wish.sku) == nullptr) return refusal(unknown_sku, "sku");
    if (draft.snapshot().find_location(wish.location) == nullptr)
        return refusal(unknown_location, "location");
    Level level = draft.level_at(wish.sku, wish.location);
    if (level.available() + wish.quantity < 0 && expire_due(draft, wish.sku))
        level = draft.level_at(wish.sku, wish.location);
    if (level.available() + wish.quantity < 0)
        return outcome(insufficient_stock, level, "quantity");
    if (wish.quantity > draft.room_for(wish.sku)) return refusal(level_too_large, "quantity");

    draft.move(wish.sku, wish.location, wish.quantity,
               {MovementKind::adjustment, wish.reason, wish.reference, {}});
    draft.record(EventType::stock_adjusted, draft.last_movement());
    return outcome(adjusted, draft.level_at(wish.sku, wish.location));
}

}  // namespace stockroom::domain
