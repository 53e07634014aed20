#include "model.hpp"

namespace stockroom::simulation {

Outcome Model::decide(const Command& command, Time now) {
    command_ = command.id;
    actor_ = command.actor;
    now_ = now;
    made_movements_.clear();
    happenings_.clear();
    const Verdict verdict =
        std::visit([this](const auto& wanted) { return wish(wanted); }, command.body);
    number_levels();
    return Outcome{verdict.code, verdict.field, show(verdict.shown), verdict.shortages, {}};
}

Model::Verdict Model::wish(const ReplayDeadLetter& /*wish*/) {
    return {ReplayDeadLetterOutcome::dead_letter_not_found};
}

Model::Verdict Model::wish(const DiscardDeadLetter& /*wish*/) {
    return {DiscardDeadLetterOutcome::dead_letter_not_found};
}

void Model::expire(const std::vector<Uuid>& holds, Time now) {
    now_ = now;
    made_movements_.clear();
    happenings_.clear();
    for (const Uuid& id : holds)
        expire(*hold(id));
    number_levels();
}

bool Model::is_due(const Hold& hold, Time now) const {
    return hold.state == HoldState::pending && hold.expires_at.value() <= now;
}

Item* Model::item(const Sku& sku) {
    for (Item& known : items_)
        if (known.sku == sku) return &known;
    return nullptr;
}

bool Model::is_sold(const Sku& sku) {
    const Item* known = item(sku);
    return known != nullptr && !known->retired;
}

const Location* Model::place(const LocationCode& code) const {
    for (const Location& known : locations_)
        if (known.code == code) return &known;
    return nullptr;
}

Order* Model::order(const Uuid& id) {
    for (Order& known : orders_)
        if (known.id == id) return &known;
    return nullptr;
}

Hold* Model::hold(const Uuid& id) {
    for (Hold& known : holds_)
        if (known.id == id) return &known;
    return nullptr;
}

std::map<LocationCode, Model::Count> Model::count(const Sku& sku) const {
    std::map<LocationCode, Count> counts;
    const auto written = ledger_.find(sku);
    if (written == ledger_.end()) return counts;
    for (const Movement& movement : written->second)
        counts[movement.location].on_hand += movement.quantity;
    for (const Hold& known : holds_) {
        if (known.state != HoldState::pending && known.state != HoldState::committed) continue;
        for (const HoldLine& line : known.lines)
            if (line.sku == sku)
                counts[line.location].held += line.quantity - line.posted - line.voided;
    }
    return counts;
}

Model::Count Model::count(const Sku& sku, const LocationCode& where) const {
    return count(sku)[where];
}

Model::Count Model::total(const Sku& sku) const {
    Count sum;
    for (const auto& [where, there] : count(sku)) {
        sum.on_hand += there.on_hand;
        sum.held += there.held;
    }
    return sum;
}

void Model::write(const Sku& sku, const LocationCode& where, MovementKind kind, Quantity quantity,
                  const std::string& reason, const std::string& reference,
                  std::optional<Uuid> order_id) {
    made_movements_.push_back(
        {sku, where, kind, quantity, reason, reference, order_id, command_, actor_, now_});
    ledger_[sku].push_back(made_movements_.back());
}

void Model::expire(Hold& due) {
    due.state = HoldState::expired;
    due.expires_at = std::nullopt;
    due.version += 1;
    for (HoldLine& line : due.lines)
        line.voided = line.quantity;
    changed(*order(due.id), OrderState::expired, EventType::order_expired);
}

void Model::expire_all_due_on(const Sku& sku) {
    for (Hold& known : holds_) {
        if (!is_due(known, now_)) continue;
        for (const HoldLine& line : known.lines) {
            if (line.sku != sku) continue;
            expire(known);
            break;
        }
    }
}

void Model::number_levels() {
    for (const auto& [sku, written] : ledger_) {
        for (const auto& [where, there] : count(sku)) {
            Level& level =
                levels_.try_emplace({sku, where}, Level{sku, where, 0, 0, 0}).first->second;
            if (level.on_hand == there.on_hand && level.held == there.held) continue;
            level = Level{sku, where, there.on_hand, there.held, level.version + 1};
        }
    }
}

Result Model::show(const Shown& shown) {
    if (const auto* sku = std::get_if<Sku>(&shown))
        return ItemView{*item(*sku), total(*sku).on_hand, total(*sku).held};
    if (const auto* code = std::get_if<LocationCode>(&shown)) return *place(*code);
    if (const auto* where = std::get_if<Place>(&shown)) {
        const auto level = levels_.find(*where);
        return level == levels_.end() ? Level{where->first, where->second, 0, 0, 0} : level->second;
    }
    if (const auto* srn = std::get_if<Srn>(&shown)) return *record(*srn);
    if (const auto* id = std::get_if<Uuid>(&shown)) {
        const Hold* of = hold(*id);
        return OrderView{*order(*id), of ? std::optional(*of) : std::nullopt};
    }
    return {};
}

Model::Verdict Model::wish(const CreateItem& wish) {
    using enum CreateItemOutcome;
    Reasons<CreateItemOutcome> no;
    if (is_sold(wish.sku)) no.add(already_exists, "sku", wish.sku);
    for (std::size_t i = 0; i < wish.opening.size(); ++i)
        if (!place(wish.opening[i].location))
            no.add(unknown_location, "opening[" + std::to_string(i) + "].location");
    if (no.any()) return no.first();

    Version version = 1;
    const bool is_revived = item(wish.sku) != nullptr;
    if (is_revived) {
        version = item(wish.sku)->version + 1;
        std::erase_if(items_, [&](const Item& known) { return known.sku == wish.sku; });
    }
    items_.push_back({wish.sku, wish.name, wish.label, wish.price, wish.reorder_point, false,
                      version, now_, now_});
    for (const OpeningStock& opening : wish.opening)
        write(wish.sku, opening.location, MovementKind::opening, opening.quantity, "", "", {});
    happen(is_revived ? EventType::item_revived : EventType::item_created, wish.sku.text());
    return {created, "", wish.sku};
}

Model::Verdict Model::wish(const ChangeItem& wish) {
    using enum ChangeItemOutcome;
    Reasons<ChangeItemOutcome> no;
    if (!is_sold(wish.sku)) {
        no.add(item_not_found);
        return no.first();
    }
    Item& known = *item(wish.sku);
    if (wish.expected_version.value_or(known.version) != known.version)
        no.add(version_mismatch, "", wish.sku);
    if (no.any()) return no.first();

    const Item before = known;
    known.name = wish.name.value_or(known.name);
    known.label = wish.label.value_or(known.label);
    known.price = wish.price.value_or(known.price);
    known.reorder_point = wish.reorder_point.value_or(known.reorder_point);
    if (known != before) {
        known.version += 1;
        known.updated_at = now_;
        happen(EventType::item_changed, wish.sku.text());
    }
    return {changed, "", wish.sku};
}

Model::Verdict Model::wish(const RetireItem& wish) {
    using enum RetireItemOutcome;
    Reasons<RetireItemOutcome> no;
    if (!is_sold(wish.sku)) {
        no.add(item_not_found);
        return no.first();
    }
    Item& known = *item(wish.sku);
    if (wish.expected_version.value_or(known.version) != known.version)
        no.add(version_mismatch, "", wish.sku);
    else
        expire_all_due_on(wish.sku);
    if (total(wish.sku).held > 0) no.add(has_open_holds, "", wish.sku);
    if (no.any()) return no.first();

    for (const auto& [where, there] : count(wish.sku))
        if (there.on_hand != 0)
            write(wish.sku, where, MovementKind::retirement, -there.on_hand, "", "", {});
    known.retired = true;
    known.version += 1;
    known.updated_at = now_;
    happen(EventType::item_retired, wish.sku.text());
    return {retired, "", wish.sku};
}

Model::Verdict Model::wish(const CreateLocation& wish) {
    using enum CreateLocationOutcome;
    Reasons<CreateLocationOutcome> no;
    if (place(wish.code)) no.add(already_exists, "code", wish.code);
    if (locations_.size() == kMaxLocations) no.add(too_many_locations);
    if (no.any()) return no.first();
    locations_.push_back({wish.code, wish.name, wish.priority, 1, now_});
    happen(EventType::location_created, wish.code.text());
    return {created, "", wish.code};
}

Model::Verdict Model::wish(const ReceiveStock& wish) {
    using enum ReceiveStockOutcome;
    Reasons<ReceiveStockOutcome> no;
    if (!is_sold(wish.sku)) no.add(unknown_sku, "sku");
    if (!place(wish.location)) no.add(unknown_location, "location");
    if (total(wish.sku).on_hand + wish.quantity > kMaxQuantity) no.add(level_too_large, "quantity");
    if (no.any()) return no.first();
    write(wish.sku, wish.location, MovementKind::receipt, wish.quantity, wish.reason,
          wish.reference, {});
    happen(EventType::stock_received, wish.sku.text() + "/" + wish.location.text());
    return {received, "", Place{wish.sku, wish.location}};
}

Model::Verdict Model::wish(const AdjustStock& wish) {
    using enum AdjustStockOutcome;
    Reasons<AdjustStockOutcome> no;
    if (!is_sold(wish.sku)) no.add(unknown_sku, "sku");
    if (!place(wish.location)) no.add(unknown_location, "location");
    const auto is_short = [&] {
        const Count there = count(wish.sku, wish.location);
        return there.on_hand + wish.quantity < there.held;
    };
    if (!no.any() && is_short()) expire_all_due_on(wish.sku);
    if (is_short()) no.add(insufficient_stock, "quantity", Place{wish.sku, wish.location});
    if (total(wish.sku).on_hand + wish.quantity > kMaxQuantity) no.add(level_too_large, "quantity");
    if (no.any()) return no.first();
    write(wish.sku, wish.location, MovementKind::adjustment, wish.quantity, wish.reason,
          wish.reference, {});
    happen(EventType::stock_adjusted, wish.sku.text() + "/" + wish.location.text());
    return {adjusted, "", Place{wish.sku, wish.location}};
}

Model::Verdict Model::wish(const PutItem& wish) {
    using enum PutItemOutcome;
    if (!is_sold(wish.sku)) {
        const CreateItem create{wish.sku, wish.name, wish.label, wish.price, 0, {}};
        static_cast<void>(this->wish(create));
        if (wish.quantity > 0)
            write(wish.sku, LocationCode::main(), MovementKind::opening, wish.quantity, "", "", {});
        return {created, "", wish.sku};
    }
    Reasons<PutItemOutcome> no;
    const Quantity by = wish.quantity - total(wish.sku).on_hand;
    const auto is_short = [&] {
        const Count there = count(wish.sku, LocationCode::main());
        return there.on_hand + by < there.held;
    };
    if (is_short()) expire_all_due_on(wish.sku);
    if (is_short()) no.add(insufficient_stock, "quantity", wish.sku);
    if (no.any()) return no.first();

    if (by != 0) {
        write(wish.sku, LocationCode::main(), MovementKind::adjustment, by, "", "", {});
        happen(EventType::stock_adjusted, wish.sku.text() + "/main");
    }
    const ChangeItem change{wish.sku, wish.name, wish.label, wish.price, {}, {}};
    static_cast<void>(this->wish(change));
    return {changed, "", wish.sku};
}

}  // namespace stockroom::simulation
