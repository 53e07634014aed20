#include "rules.hpp"

namespace stockroom::domain {

namespace {

Outcome create(Draft& draft, const PutItem& wish, const Item* retired) {
    // A retired item has no stock: it was posted to zero, and nothing comes in since.
    if (wish.quantity > 0)
        draft.move(wish.sku, LocationCode::main(), wish.quantity,
                   {MovementKind::opening, "", "", {}});
    const Item item{.sku = wish.sku,
                    .name = wish.name,
                    .label = wish.label,
                    .price = wish.price,
                    .reorder_point = 0,
                    .retired = false,
                    .version = retired == nullptr ? 1 : retired->version + 1,
                    .created_at = draft.now(),
                    .updated_at = draft.now()};
    draft.set(item);
    const ItemView view = draft.view_of(item);
    draft.record(retired == nullptr ? EventType::item_created : EventType::item_revived, view);
    return outcome(PutItemOutcome::created, view);
}

/// Whether the stock at main allows it; a hold that is due does not count.
bool may_adjust(Draft& draft, const Sku& sku, Quantity by) {
    const auto is_enough = [&] {
        return draft.level_at(sku, LocationCode::main()).available() + by >= 0;
    };
    return is_enough() || (expire_due(draft, sku) && is_enough());
}

}  // namespace

Outcome decide(Draft& draft, const PutItem& wish) {
    using enum PutItemOutcome;
    const Item* known = draft.snapshot().find_item(wish.sku);
    if (known == nullptr || known->retired) return create(draft, wish, known);

    const Quantity by = wish.quantity - draft.view_of(*known).on_hand;
    if (!may_adjust(draft, wish.sku, by))
        return outcome(insufficient_stock, draft.view_of(*known), "quantity");
    if (by != 0) {
        draft.move(wish.sku, LocationCode::main(), by, {MovementKind::adjustment, "", "", {}});
        draft.record(EventType::stock_adjusted, draft.last_movement());
    }
    Item item = *known;
    item.name = wish.name;
    item.label = wish.label;
    item.price = wish.price;
    if (item != *known) {
        ++item.version;
        item.updated_at = draft.now();
        draft.set(item);
        draft.record(EventType::item_changed, draft.view_of(item));
    }
    return outcome(changed, draft.view_of(item));
}

}  // namespace stockroom::domain
