#include "stockroom/base/check.hpp"

#include "rules.hpp"

namespace stockroom::domain {

namespace {

const std::string& expiry_actor() {
    static const std::string actor = "system:expiry";
    return actor;
}

bool is_due(const Draft& draft, const Hold& hold) {
    return hold.state == HoldState::pending && *hold.expires_at <= draft.now();
}

void expire_order_of(Draft& draft, const Hold& hold) {
    const Order* known = draft.find_order(*hold.order);
    CHECK(known != nullptr, "a hold's order must be loaded with it");
    OrderView view{*known, hold};
    view.order.state = OrderState::expired;
    ++view.order.version;
    view.order.updated_at = draft.now();
    draft.set(view.order);
    draft.record_as(expiry_actor(), EventType::order_expired, std::move(view));
}

/// Gives back what a hold held, and ends the order that it belongs to.
void expire(Draft& draft, const Hold& due) {
    Hold hold = due;
    for (HoldLine& line : hold.lines) {
        const Quantity held = line.held();
        if (held == 0) continue;
        draft.change_held(line.sku, line.location, -held);
        line.voided += held;
    }
    hold.state = HoldState::expired;
    hold.expires_at.reset();
    ++hold.version;
    draft.set(hold);
    if (hold.order) expire_order_of(draft, hold);
}

}  // namespace

bool expire_due(Draft& draft, const Sku& sku) {
    bool any = false;
    for (const Uuid& id : draft.snapshot().due_holds(sku)) {
        // Expired already in this decision, for another SKU that it held.
        const Hold& hold = *draft.find_hold(id);
        if (!is_due(draft, hold)) continue;
        expire(draft, hold);
        any = true;
    }
    return any;
}

bool expire_if_due(Draft& draft, const Uuid& order_id) {
    if (draft.find_order(order_id) == nullptr) return false;
    const Hold* hold = draft.find_hold(order_id);
    if (hold == nullptr || !is_due(draft, *hold)) return false;
    expire(draft, *hold);
    return true;
}

Outcome decide(Draft& draft, const ExpireOrder& wish) {
    using enum ExpireOrderOutcome;
    const bool has_expired = expire_if_due(draft, wish.order);
    const Order* order = draft.find_order(wish.order);
    if (order == nullptr) return outcome(order_not_found);
    OrderView view = draft.view_of(*order);
    if (has_expired) return outcome(expired, std::move(view));
    if (order->state != OrderState::reserved) return outcome(wrong_state, std::move(view));
    return outcome(not_due, std::move(view));
}

Changes expire_due(const Snapshot& snapshot, const Uuid& command) {
    Draft draft(snapshot, command, expiry_actor());
    for (const Uuid& id : snapshot.due_holds())
        expire(draft, *snapshot.find_hold(id));
    return draft.finish();
}

}  // namespace stockroom::domain
