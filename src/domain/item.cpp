#include <fmt/format.h>

#include "stockroom/base/check.hpp"

#include "rules.hpp"

namespace stockroom::domain {

const Item* find_live_item(const Draft& draft, const Sku& sku) {
    const Item* item = draft.snapshot().find_item(sku);
    return item != nullptr && !item->retired ? item : nullptr;
}

Outcome decide(Draft& draft, const CreateItem& wish) {
    using enum CreateItemOutcome;
    const Item* known = draft.snapshot().find_item(wish.sku);
    if (known != nullptr && !known->retired)
        return outcome(already_exists, draft.view_of(*known), "sku");
    for (std::size_t i = 0; i < wish.opening.size(); ++i) {
        if (draft.snapshot().find_location(wish.opening[i].location) == nullptr)
            return refusal(unknown_location, fmt::format("opening[{}].location", i));
    }

    for (const OpeningStock& opening : wish.opening)
        draft.move(wish.sku, opening.location, opening.quantity,
                   {MovementKind::opening, "", "", {}});
    CHECK(draft.room_for(wish.sku) >= 0, "the opening stock must stay within kMaxQuantity");
    const Item item{.sku = wish.sku,
                    .name = wish.name,
                    .label = wish.label,
                    .price = wish.price,
                    .reorder_point = wish.reorder_point,
                    .retired = false,
                    .version = known == nullptr ? 1 : known->version + 1,
                    .created_at = draft.now(),
                    .updated_at = draft.now()};
    draft.set(item);
    const ItemView view = draft.view_of(item);
    draft.record(known == nullptr ? EventType::item_created : EventType::item_revived, view);
    return outcome(created, view);
}

Outcome decide(Draft& draft, const ChangeItem& wish) {
    using enum ChangeItemOutcome;
    const Item* known = find_live_item(draft, wish.sku);
    if (known == nullptr) return outcome(item_not_found);
    if (wish.expected_version && *wish.expected_version != known->version)
        return outcome(version_mismatch, draft.view_of(*known));

    Item item = *known;
    if (wish.name) item.name = *wish.name;
    if (wish.label) item.label = *wish.label;
    if (wish.price) item.price = *wish.price;
    if (wish.reorder_point) item.reorder_point = *wish.reorder_point;
    if (item == *known) return outcome(changed, draft.view_of(item));

    ++item.version;
    item.updated_at = draft.now();
    draft.set(item);
    const ItemView view = draft.view_of(item);
    draft.record(EventType::item_changed, view);
    return outcome(changed, view);
}

Outcome decide(Draft& draft, const RetireItem& wish) {
    using enum RetireItemOutcome;
    const Item* known = find_live_item(draft, wish.sku);
    if (known == nullptr) return outcome(item_not_found);
    if (wish.expected_version && *wish.expected_version != known->version)
        return outcome(version_mismatch, draft.view_of(*known));
    expire_due(draft, wish.sku);
    const ItemView present = draft.view_of(*known);
    if (present.held > 0) return outcome(has_open_holds, present);

    for (const Level* level : draft.levels_of(wish.sku)) {
        if (level->on_hand > 0)
            draft.move(level->sku, level->location, -level->on_hand,
                       {MovementKind::retirement, "", "", {}});
    }
    Item item = *known;
    item.retired = true;
    ++item.version;
    item.updated_at = draft.now();
    draft.set(item);
    const ItemView view = draft.view_of(item);
    draft.record(EventType::item_retired, view);
    return outcome(retired, view);
}

}  // namespace stockroom::domain
