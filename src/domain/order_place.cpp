#include <algorithm>
#include <expected>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "stockroom/base/check.hpp"

#include "rules.hpp"

namespace stockroom::domain {

namespace {

/// What is wanted of one item, all lines of it together.
struct Wanted {
    const Item* item = nullptr;
    Quantity quantity = 0;
};

struct Basket {
    std::vector<Wanted> wanted;  // in the order in which the client first named the SKUs
    Money price;
};

/// Sums the lines per SKU and prices them, or says which line cannot be.
std::expected<Basket, Outcome> fill_basket(const Draft& draft,
                                           const std::vector<OrderedLine>& lines) {
    using enum PlaceOrderOutcome;
    Basket basket;
    basket.wanted.reserve(lines.size());
    std::unordered_map<std::string_view, std::size_t> position;
    std::optional<std::size_t> quantity_too_large_at;
    std::optional<std::size_t> amount_too_large_at;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const OrderedLine& line = lines[i];
        const Item* item = find_live_item(draft, line.sku);
        if (item == nullptr)
            return std::unexpected(refusal(unknown_sku, fmt::format("lines[{}].sku", i)));

        const auto [entry, is_first] = position.try_emplace(line.sku.text(), basket.wanted.size());
        if (is_first) basket.wanted.push_back({item, 0});
        Quantity& quantity = basket.wanted[entry->second].quantity;
        if (line.quantity > kMaxQuantity - quantity) {
            if (!quantity_too_large_at) quantity_too_large_at = i;
            continue;
        }
        quantity += line.quantity;

        const auto amount = item->price.times(line.quantity);
        const auto price = amount ? basket.price.plus(*amount) : std::nullopt;
        if (price) {
            basket.price = *price;
        } else if (!amount_too_large_at) {
            amount_too_large_at = i;
        }
    }
    // Only now: a line further down may name an unknown SKU, which is the first in precedence.
    if (quantity_too_large_at)
        return std::unexpected(
            refusal(quantity_too_large, fmt::format("lines[{}].quantity", *quantity_too_large_at)));
    if (amount_too_large_at)
        return std::unexpected(
            refusal(amount_too_large, fmt::format("lines[{}]", *amount_too_large_at)));
    return basket;
}

/// Where the stock for a basket is to be taken from, and what there is not enough of.
struct Allocation {
    std::vector<HoldLine> lines;
    std::vector<Shortage> shortages;
};

/// The levels of a SKU that have something, in the order in which orders take from them.
std::vector<const Level*> levels_to_take_from(const Draft& draft, const Sku& sku) {
    auto levels = draft.levels_of(sku);
    std::erase_if(levels, [](const Level* level) { return level->available() <= 0; });
    if (levels.size() < 2) return levels;
    std::ranges::sort(levels, {}, [&draft](const Level* level) {
        const Location* location = draft.snapshot().find_location(level->location);
        CHECK(location != nullptr, "a level's location must be known");
        return std::tie(location->priority, location->code);
    });
    return levels;
}

Allocation allocate(const Draft& draft, const Basket& basket) {
    Allocation allocation;
    allocation.lines.reserve(basket.wanted.size());
    for (const Wanted& wanted : basket.wanted) {
        Quantity missing = wanted.quantity;
        for (const Level* level : levels_to_take_from(draft, wanted.item->sku)) {
            const Quantity taken = std::min(missing, level->available());
            allocation.lines.push_back(
                {.sku = level->sku, .location = level->location, .quantity = taken});
            missing -= taken;
            if (missing == 0) break;
        }
        if (missing > 0)
            allocation.shortages.push_back(
                {wanted.item->sku, wanted.quantity, wanted.quantity - missing});
    }
    return allocation;
}

/// As allocate; a shortage first expires what is due on the short SKUs.
Allocation allocate_or_expire(Draft& draft, const Basket& basket) {
    Allocation allocation = allocate(draft, basket);
    bool any_expired = false;
    for (const Shortage& shortage : allocation.shortages)
        any_expired = expire_due(draft, shortage.sku) || any_expired;
    return any_expired ? allocate(draft, basket) : std::move(allocation);
}

Order make_order(const Draft& draft, const PlaceOrder& wish, const Basket& basket) {
    Order order{.id = draft.command(),
                .customer = wish.customer,
                .state = OrderState::reserved,
                .lines = {},
                .execution_price = basket.price,
                .reference = wish.reference,
                .actor = draft.actor(),
                .version = 1,
                .created_at = draft.now(),
                .updated_at = draft.now()};
    order.lines.reserve(basket.wanted.size());
    for (const Wanted& wanted : basket.wanted)
        order.lines.push_back({wanted.item->sku, wanted.quantity, wanted.item->price});
    return order;
}

Hold make_hold(Draft& draft, const PlaceOrder& wish, std::vector<HoldLine> lines) {
    Hold hold{.id = draft.command(),
              .state = HoldState::pending,
              .order = draft.command(),
              .expires_at = draft.now().plus(wish.expires_in),
              .lines = std::move(lines),
              .version = 1};
    for (const HoldLine& line : hold.lines)
        draft.change_held(line.sku, line.location, line.quantity);
    if (wish.confirm) {
        hold.state = HoldState::committed;
        hold.expires_at.reset();
    }
    if (wish.fulfil) {
        for (HoldLine& line : hold.lines)
            ship(draft, draft.command(), line, line.quantity);
        hold.state = HoldState::ended;
    }
    return hold;
}

struct Placed {
    PlaceOrderOutcome code;
    OrderState state;
    EventType event;
};

Placed placed_as(const PlaceOrder& wish) {
    if (wish.fulfil)
        return {PlaceOrderOutcome::fulfilled, OrderState::fulfilled, EventType::order_fulfilled};
    if (wish.confirm)
        return {PlaceOrderOutcome::confirmed, OrderState::confirmed, EventType::order_confirmed};
    return {PlaceOrderOutcome::reserved, OrderState::reserved, EventType::order_reserved};
}

}  // namespace

Outcome decide(Draft& draft, const PlaceOrder& wish) {
    if (wish.fulfil) CHECK(wish.confirm, "an order must be confirmed to be fulfilled");
    const auto basket = fill_basket(draft, wish.lines);
    if (!basket) return basket.error();

    Order order = make_order(draft, wish, *basket);
    Allocation allocation = allocate_or_expire(draft, *basket);
    if (!allocation.shortages.empty()) {
        order.state = OrderState::rejected;
        draft.set(order);
        OrderView view{std::move(order), std::nullopt};
        draft.record(EventType::order_rejected, view);
        Outcome refused = outcome(PlaceOrderOutcome::rejected, std::move(view));
        refused.shortages = std::move(allocation.shortages);
        return refused;
    }

    const Placed placed = placed_as(wish);
    order.state = placed.state;
    OrderView view{std::move(order), make_hold(draft, wish, std::move(allocation.lines))};
    draft.set(view.order);
    draft.set(*view.hold);
    draft.record(placed.event, view);
    return outcome(placed.code, std::move(view));
}

}  // namespace stockroom::domain
