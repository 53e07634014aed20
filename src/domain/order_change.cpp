#include <algorithm>
#include <initializer_list>
#include <span>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "stockroom/base/check.hpp"

#include "rules.hpp"

namespace stockroom::domain {

namespace {

/// The order and hold that a command is about, to be changed and then set.
struct Subject {
    Order order;
    Hold hold;
};

/// What every command on an order asks first. Empty when the command may go on.
template <typename Code>
std::optional<Outcome> refuse(Draft& draft, const Uuid& id,
                              const std::optional<Version>& expected_version,
                              std::initializer_list<OrderState> from) {
    expire_if_due(draft, id);
    const Order* order = draft.find_order(id);
    if (order == nullptr) return outcome(Code::order_not_found);
    if (expected_version && *expected_version != order->version)
        return outcome(Code::version_mismatch, draft.view_of(*order));
    if (std::ranges::find(from, order->state) == from.end())
        return outcome(Code::wrong_state, draft.view_of(*order));
    return std::nullopt;
}

/// REQUIRES: refuse() found the order in a state that has a hold.
Subject take(const Draft& draft, const Uuid& id) {
    const Hold* hold = draft.find_hold(id);
    CHECK(hold != nullptr, "an order's hold must be loaded with it");
    return {*draft.find_order(id), *hold};
}

/// Sets both down as changed, and records it.
OrderView settle(Draft& draft, Subject subject, OrderState state, EventType event) {
    subject.order.state = state;
    ++subject.order.version;
    subject.order.updated_at = draft.now();
    ++subject.hold.version;
    OrderView view{std::move(subject.order), std::move(subject.hold)};
    draft.set(view.order);
    draft.set(*view.hold);
    draft.record(event, view);
    return view;
}

void void_rest(Draft& draft, Hold& hold) {
    for (HoldLine& line : hold.lines) {
        const Quantity held = line.held();
        if (held == 0) continue;
        draft.change_held(line.sku, line.location, -held);
        line.voided += held;
    }
    hold.state = HoldState::ended;
    hold.expires_at.reset();
}

/// Where each SKU first stands in some lines.
using Positions = std::unordered_map<std::string_view, std::size_t>;

template <typename Line>
Positions first_positions(const std::vector<Line>& lines) {
    Positions positions;
    positions.reserve(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i)
        positions.try_emplace(lines[i].sku.text(), i);
    return positions;
}

/// The hold lines of one SKU: they stand together.
std::span<HoldLine> lines_of(Hold& hold, const Positions& positions, const Sku& sku) {
    const auto found = positions.find(sku.text());
    CHECK(found != positions.end(), "an order's hold must have lines of each of its SKUs");
    const std::size_t first = found->second;
    std::size_t end = first;
    while (end < hold.lines.size() && hold.lines[end].sku == sku)
        ++end;
    return std::span(hold.lines).subspan(first, end - first);
}

/// The first of the client's lines whose SKU is not in the order.
std::optional<std::size_t> find_foreign(const std::vector<OrderedLine>& lines,
                                        const Positions& positions) {
    const auto found = std::ranges::find_if(lines, [&positions](const OrderedLine& line) {
        return !positions.contains(line.sku.text());
    });
    if (found == lines.end()) return std::nullopt;
    return static_cast<std::size_t>(found - lines.begin());
}

Outcome refuse_line(OutcomeCode code, std::size_t at, std::string_view member) {
    return refusal(code, fmt::format("lines[{}].{}", at, member));
}

Quantity held_in(std::span<const HoldLine> lines) {
    Quantity held = 0;
    for (const HoldLine& line : lines)
        held += line.held();
    return held;
}

Quantity shipped_in(std::span<const HoldLine> lines) {
    Quantity shipped = 0;
    for (const HoldLine& line : lines)
        shipped += line.posted;
    return shipped;
}

void ship_rest(Draft& draft, Hold& hold) {
    for (HoldLine& line : hold.lines) {
        if (line.held() > 0) ship(draft, hold.id, line, line.held());
    }
}

/// Ships the quantity in the order in which its stock was allocated.
void ship_some(Draft& draft, const Uuid& order, std::span<HoldLine> lines, Quantity quantity) {
    for (HoldLine& line : lines) {
        const Quantity taken = std::min(quantity, line.held());
        if (taken > 0) ship(draft, order, line, taken);
        quantity -= taken;
    }
    CHECK(quantity == 0, "no more must be shipped than is held");
}

/// Ships the lines that the client named, or says which of them cannot be.
std::optional<Outcome> ship_named(Draft& draft, Hold& hold, const std::vector<OrderedLine>& lines) {
    using enum FulfilOrderOutcome;
    const Positions positions = first_positions(hold.lines);
    if (const auto at = find_foreign(lines, positions))
        return refuse_line(not_in_order, *at, "sku");
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].quantity > held_in(lines_of(hold, positions, lines[i].sku)))
            return refuse_line(exceeds_held, i, "quantity");
    }
    for (const OrderedLine& line : lines)
        ship_some(draft, hold.id, lines_of(hold, positions, line.sku), line.quantity);
    return std::nullopt;
}

/// Whether each line can come back, in the order of ReturnGoodsOutcome.
std::optional<Outcome> refuse_return(const Draft& draft, const ReturnGoods& wish, Subject& subject,
                                     const Positions& ordered) {
    using enum ReturnGoodsOutcome;
    if (draft.snapshot().find_location(wish.location) == nullptr)
        return refusal(unknown_location, "location");
    if (const auto at = find_foreign(wish.lines, ordered))
        return refuse_line(not_in_order, *at, "sku");
    const Positions held = first_positions(subject.hold.lines);
    for (std::size_t i = 0; i < wish.lines.size(); ++i) {
        const OrderedLine& line = wish.lines[i];
        const OrderLine& order_line = subject.order.lines[ordered.at(line.sku.text())];
        const Quantity shipped = shipped_in(lines_of(subject.hold, held, line.sku));
        if (line.quantity > shipped - order_line.returned)
            return refuse_line(exceeds_shipped, i, "quantity");
    }
    for (std::size_t i = 0; i < wish.lines.size(); ++i) {
        if (find_live_item(draft, wish.lines[i].sku) == nullptr)
            return refuse_line(item_retired, i, "sku");
    }
    for (std::size_t i = 0; i < wish.lines.size(); ++i) {
        const OrderedLine& line = wish.lines[i];
        if (line.quantity > draft.room_for(line.sku))
            return refuse_line(level_too_large, i, "quantity");
    }
    return std::nullopt;
}

}  // namespace

void ship(Draft& draft, const Uuid& order_id, HoldLine& line, Quantity quantity) {
    draft.change_held(line.sku, line.location, -quantity);
    draft.move(line.sku, line.location, -quantity, {MovementKind::shipment, "", "", order_id});
    line.posted += quantity;
}

Outcome decide(Draft& draft, const ConfirmOrder& wish) {
    using enum OrderState;
    if (auto refused =
            refuse<ConfirmOrderOutcome>(draft, wish.order, wish.expected_version, {reserved}))
        return *std::move(refused);
    Subject subject = take(draft, wish.order);
    subject.hold.state = HoldState::committed;
    subject.hold.expires_at.reset();
    return outcome(ConfirmOrderOutcome::confirmed,
                   settle(draft, std::move(subject), confirmed, EventType::order_confirmed));
}

Outcome decide(Draft& draft, const FulfilOrder& wish) {
    using enum OrderState;
    if (auto refused = refuse<FulfilOrderOutcome>(draft, wish.order, wish.expected_version,
                                                  {confirmed, partially_fulfilled}))
        return *std::move(refused);
    Subject subject = take(draft, wish.order);
    if (wish.lines.empty()) {
        ship_rest(draft, subject.hold);
    } else if (auto refused = ship_named(draft, subject.hold, wish.lines)) {
        return *std::move(refused);
    }
    if (held_in(subject.hold.lines) > 0)
        return outcome(FulfilOrderOutcome::partially_fulfilled,
                       settle(draft, std::move(subject), partially_fulfilled,
                              EventType::order_partially_fulfilled));
    subject.hold.state = HoldState::ended;
    return outcome(FulfilOrderOutcome::fulfilled,
                   settle(draft, std::move(subject), fulfilled, EventType::order_fulfilled));
}

Outcome decide(Draft& draft, const CancelOrder& wish) {
    using enum OrderState;
    if (auto refused = refuse<CancelOrderOutcome>(draft, wish.order, wish.expected_version,
                                                  {reserved, confirmed}))
        return *std::move(refused);
    Subject subject = take(draft, wish.order);
    subject.order.cancel_reason = wish.reason;
    void_rest(draft, subject.hold);
    return outcome(CancelOrderOutcome::cancelled,
                   settle(draft, std::move(subject), cancelled, EventType::order_cancelled));
}

Outcome decide(Draft& draft, const CloseOrder& wish) {
    using enum OrderState;
    if (auto refused = refuse<CloseOrderOutcome>(draft, wish.order, wish.expected_version,
                                                 {partially_fulfilled}))
        return *std::move(refused);
    Subject subject = take(draft, wish.order);
    void_rest(draft, subject.hold);
    return outcome(CloseOrderOutcome::closed,
                   settle(draft, std::move(subject), fulfilled, EventType::order_fulfilled));
}

Outcome decide(Draft& draft, const ReturnGoods& wish) {
    using enum OrderState;
    if (auto refused = refuse<ReturnGoodsOutcome>(draft, wish.order, wish.expected_version,
                                                  {fulfilled, partially_fulfilled}))
        return *std::move(refused);
    Subject subject = take(draft, wish.order);
    const Positions ordered = first_positions(subject.order.lines);
    if (auto refused = refuse_return(draft, wish, subject, ordered)) return *std::move(refused);

    for (const OrderedLine& line : wish.lines) {
        subject.order.lines[ordered.at(line.sku.text())].returned += line.quantity;
        draft.move(line.sku, wish.location, line.quantity,
                   {MovementKind::customer_return, wish.reason, "", wish.order});
    }
    ++subject.order.version;
    subject.order.updated_at = draft.now();
    OrderView view{std::move(subject.order), std::move(subject.hold)};
    draft.set(view.order);
    draft.record(EventType::order_returned, view);
    return outcome(ReturnGoodsOutcome::returned, std::move(view));
}

}  // namespace stockroom::domain
