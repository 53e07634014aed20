#include <algorithm>
#include <limits>
#include <tuple>

#include "model.hpp"

namespace stockroom::simulation {

namespace {

using Wide = __int128;

}  // namespace

std::vector<Shortage> Model::shortages_of(
    const std::vector<std::pair<Sku, Quantity>>& wanted) const {
    std::vector<Shortage> shortages;
    for (const auto& [sku, quantity] : wanted) {
        const Count there = total(sku);
        if (there.on_hand - there.held < quantity)
            shortages.push_back({sku, quantity, there.on_hand - there.held});
    }
    return shortages;
}

std::vector<HoldLine> Model::lines_for(const std::vector<std::pair<Sku, Quantity>>& wanted) const {
    auto by_priority = locations_;
    std::ranges::sort(by_priority, {},
                      [](const Location& where) { return std::tie(where.priority, where.code); });
    std::vector<HoldLine> lines;
    for (auto [sku, rest] : wanted) {
        const auto counts = count(sku);
        for (const Location& where : by_priority) {
            const auto there = counts.find(where.code);
            if (there == counts.end()) continue;
            const Quantity taken = std::min(rest, there->second.on_hand - there->second.held);
            if (taken == 0) continue;
            lines.push_back({sku, where.code, taken, 0, 0});
            rest -= taken;
        }
    }
    return lines;
}

Model::Verdict Model::wish(const PlaceOrder& wish) {
    using enum PlaceOrderOutcome;
    Reasons<PlaceOrderOutcome> no;
    std::vector<std::pair<Sku, Quantity>> wanted;
    std::map<Sku, Wide> sums;
    Wide price = 0;
    for (std::size_t i = 0; i < wish.lines.size(); ++i) {
        const auto& [sku, quantity] = wish.lines[i];
        if (!sums.contains(sku)) wanted.emplace_back(sku, 0);
        sums[sku] += quantity;
        if (!is_sold(sku)) no.add_line(unknown_sku, i, ".sku");
        if (sums[sku] > kMaxQuantity) no.add_line(quantity_too_large, i, ".quantity");
        if (is_sold(sku)) price += Wide{item(sku)->price.minor()} * quantity;
        if (price > std::numeric_limits<std::int64_t>::max()) no.add_line(amount_too_large, i, "");
    }
    if (no.any()) return no.first();

    Order placed{
        command_, wish.customer, OrderState::reserved, {}, Money{}, wish.reference, actor_, 1,
        now_,     now_};
    placed.execution_price = Money::from_minor(static_cast<std::int64_t>(price));
    for (auto& [sku, quantity] : wanted) {
        quantity = static_cast<Quantity>(sums[sku]);
        placed.lines.push_back({sku, quantity, item(sku)->price, 0});
    }
    for (const Shortage& shortage : shortages_of(wanted))
        expire_all_due_on(shortage.sku);
    const auto shortages = shortages_of(wanted);
    if (!shortages.empty()) {
        placed.state = OrderState::rejected;
        orders_.push_back(placed);
        happen(EventType::order_rejected, command_.to_string());
        return {rejected, "", command_, shortages};
    }

    holds_.push_back(
        {command_, HoldState::pending, command_, now_.plus(wish.expires_in), lines_for(wanted), 1});
    Hold& made = holds_.back();
    Verdict verdict{reserved, "", command_};
    EventType type = EventType::order_reserved;
    if (wish.confirm) {
        made.state = HoldState::committed;
        made.expires_at = std::nullopt;
        placed.state = OrderState::confirmed;
        verdict.code = confirmed;
        type = EventType::order_confirmed;
    }
    if (wish.fulfil) {
        for (HoldLine& line : made.lines)
            ship(made, line, line.quantity);
        made.state = HoldState::ended;
        placed.state = OrderState::fulfilled;
        verdict.code = fulfilled;
        type = EventType::order_fulfilled;
    }
    orders_.push_back(placed);
    happen(type, command_.to_string());
    return verdict;
}

void Model::ship(Hold& from, HoldLine& line, Quantity quantity) {
    if (quantity == 0) return;
    line.posted += quantity;
    write(line.sku, line.location, MovementKind::shipment, -quantity, "", "", from.id);
}

void Model::give_back_all(Hold& from) {
    for (HoldLine& line : from.lines)
        line.voided = line.quantity - line.posted;
    from.state = HoldState::ended;
    from.expires_at = std::nullopt;
    from.version += 1;
}

void Model::changed(Order& of, OrderState state, EventType type) {
    of.state = state;
    of.version += 1;
    of.updated_at = now_;
    happen(type, of.id.to_string());
}

template <typename Code>
void Model::ask_order(Reasons<Code>& no, const Uuid& id, const std::optional<Version>& expected,
                      const std::vector<OrderState>& from) {
    const Order* known = order(id);
    if (known == nullptr) {
        no.add(Code::order_not_found);
        return;
    }
    if (Hold* of = hold(id); of != nullptr && is_due(*of, now_)) expire(*of);
    if (expected && *expected != known->version) no.add(Code::version_mismatch, "", id);
    if (std::ranges::find(from, known->state) == from.end()) no.add(Code::wrong_state, "", id);
}

Quantity Model::shipped(const Uuid& id, const Sku& sku) {
    Quantity sum = 0;
    if (const Hold* of = hold(id))
        for (const HoldLine& line : of->lines)
            if (line.sku == sku) sum += line.posted;
    return sum;
}

Quantity Model::still_held(const Uuid& id, const Sku& sku) {
    Quantity sum = 0;
    if (const Hold* of = hold(id))
        for (const HoldLine& line : of->lines)
            if (line.sku == sku) sum += line.quantity - line.posted - line.voided;
    return sum;
}

Model::Verdict Model::wish(const ConfirmOrder& wish) {
    Reasons<ConfirmOrderOutcome> no;
    ask_order(no, wish.order, wish.expected_version, {OrderState::reserved});
    if (no.any()) return no.first();
    Hold& of = *hold(wish.order);
    of.state = HoldState::committed;
    of.expires_at = std::nullopt;
    of.version += 1;
    changed(*order(wish.order), OrderState::confirmed, EventType::order_confirmed);
    return {ConfirmOrderOutcome::confirmed, "", wish.order};
}

Model::Verdict Model::wish(const FulfilOrder& wish) {
    using enum FulfilOrderOutcome;
    Reasons<FulfilOrderOutcome> no;
    ask_order(no, wish.order, wish.expected_version,
              {OrderState::confirmed, OrderState::partially_fulfilled});
    const Order* known = order(wish.order);
    for (std::size_t i = 0; known != nullptr && i < wish.lines.size(); ++i) {
        const auto& [sku, quantity] = wish.lines[i];
        if (std::ranges::find(known->lines, sku, &OrderLine::sku) == known->lines.end())
            no.add_line(not_in_order, i, ".sku");
        if (quantity > still_held(wish.order, sku)) no.add_line(exceeds_held, i, ".quantity");
    }
    if (no.any()) return no.first();

    Hold& of = *hold(wish.order);
    auto wanted = wish.lines;
    if (wanted.empty())
        for (const OrderLine& line : order(wish.order)->lines)
            wanted.push_back({line.sku, still_held(wish.order, line.sku)});
    for (auto& [sku, rest] : wanted) {
        for (HoldLine& line : of.lines) {
            if (line.sku != sku) continue;
            const Quantity taken = std::min(rest, line.quantity - line.posted - line.voided);
            ship(of, line, taken);
            rest -= taken;
        }
    }
    of.version += 1;
    bool is_all = true;
    for (const HoldLine& line : of.lines)
        is_all = is_all && line.posted + line.voided == line.quantity;
    if (is_all) of.state = HoldState::ended;
    changed(*order(wish.order), is_all ? OrderState::fulfilled : OrderState::partially_fulfilled,
            is_all ? EventType::order_fulfilled : EventType::order_partially_fulfilled);
    return {is_all ? fulfilled : partially_fulfilled, "", wish.order};
}

Model::Verdict Model::wish(const CancelOrder& wish) {
    Reasons<CancelOrderOutcome> no;
    ask_order(no, wish.order, wish.expected_version, {OrderState::reserved, OrderState::confirmed});
    if (no.any()) return no.first();
    give_back_all(*hold(wish.order));
    order(wish.order)->cancel_reason = wish.reason;
    changed(*order(wish.order), OrderState::cancelled, EventType::order_cancelled);
    return {CancelOrderOutcome::cancelled, "", wish.order};
}

Model::Verdict Model::wish(const CloseOrder& wish) {
    Reasons<CloseOrderOutcome> no;
    ask_order(no, wish.order, wish.expected_version, {OrderState::partially_fulfilled});
    if (no.any()) return no.first();
    give_back_all(*hold(wish.order));
    changed(*order(wish.order), OrderState::fulfilled, EventType::order_fulfilled);
    return {CloseOrderOutcome::closed, "", wish.order};
}

Model::Verdict Model::wish(const ReturnGoods& wish) {
    using enum ReturnGoodsOutcome;
    Reasons<ReturnGoodsOutcome> no;
    ask_order(no, wish.order, wish.expected_version,
              {OrderState::fulfilled, OrderState::partially_fulfilled});
    if (!place(wish.location)) no.add(unknown_location, "location");
    Order* known = order(wish.order);
    const auto ordered = [&](const Sku& sku) -> OrderLine* {
        for (OrderLine& line : known->lines)
            if (line.sku == sku) return &line;
        return nullptr;
    };
    for (std::size_t i = 0; known != nullptr && i < wish.lines.size(); ++i) {
        const auto& [sku, quantity] = wish.lines[i];
        const OrderLine* line = ordered(sku);
        if (line == nullptr) {
            no.add_line(not_in_order, i, ".sku");
        } else if (line->returned + quantity > shipped(wish.order, sku)) {
            no.add_line(exceeds_shipped, i, ".quantity");
        }
        if (!is_sold(sku)) no.add_line(item_retired, i, ".sku");
        if (total(sku).on_hand + quantity > kMaxQuantity)
            no.add_line(level_too_large, i, ".quantity");
    }
    if (no.any()) return no.first();

    for (const auto& [sku, quantity] : wish.lines) {
        ordered(sku)->returned += quantity;
        write(sku, wish.location, MovementKind::customer_return, quantity, wish.reason, "",
              wish.order);
    }
    changed(*known, known->state, EventType::order_returned);
    return {returned, "", wish.order};
}

Model::Verdict Model::wish(const ExpireOrder& wish) {
    using enum ExpireOrderOutcome;
    Order* known = order(wish.order);
    if (known == nullptr) return {order_not_found};
    if (known->state != OrderState::reserved) return {wrong_state, "", wish.order};
    if (!is_due(*hold(wish.order), now_)) return {not_due, "", wish.order};
    expire(*hold(wish.order));
    return {expired, "", wish.order};
}

Model::Verdict Model::wish(const Ping& /*wish*/) {
    return {PingOutcome::answered};
}

}  // namespace stockroom::simulation
