#include "audit.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace stockroom::simulation {

namespace {

constexpr std::string_view kExpiryActor = "system:expiry";

/// DESIGN section 5, written down once more.
bool may_follow(std::optional<OrderState> from, OrderState to) {
    using enum OrderState;
    static const std::set<std::pair<std::optional<OrderState>, OrderState>> table = {
        {std::nullopt, reserved},
        {std::nullopt, confirmed},
        {std::nullopt, fulfilled},
        {std::nullopt, rejected},
        {reserved, confirmed},
        {reserved, expired},
        {reserved, cancelled},
        {confirmed, cancelled},
        {confirmed, partially_fulfilled},
        {confirmed, fulfilled},
        {partially_fulfilled, partially_fulfilled},
        {partially_fulfilled, fulfilled},
        {fulfilled, fulfilled},
    };
    return table.contains({from, to});
}

template <typename Map, typename Key>
const typename Map::mapped_type* find_in(const Map& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

/// Whether each changed thing is the next version of what it was, and is there but once.
template <typename State, typename Map, typename KeyOf>
bool are_next_versions(const Map& before, const std::vector<State>& changed, KeyOf key_of) {
    std::set<typename Map::key_type> seen;
    for (const State& state : changed) {
        const State* known = find_in(before, key_of(state));
        if (!seen.insert(key_of(state)).second) return false;
        if (state.version != (known ? known->version + 1 : 1)) return false;
    }
    return true;
}

Shelf::Place place_of(const Level& level) {
    return {level.sku, level.location};
}

std::string key_of(const Event& event) {
    if (const auto* view = std::get_if<ItemView>(&event.state)) return view->item.sku.text();
    if (const auto* where = std::get_if<Location>(&event.state)) return where->code.text();
    if (const auto* movement = std::get_if<Movement>(&event.state))
        return movement->sku.text() + "/" + movement->location.text();
    if (const auto* view = std::get_if<OrderView>(&event.state)) return view->order.id.to_string();
    if (const auto* record = std::get_if<Record>(&event.state)) return record->srn.text();
    return "a level";
}

bool tells_state(const Shelf& after, const Changes& changes, const Event& event) {
    if (const auto* view = std::get_if<ItemView>(&event.state))
        return *view == after.view_of(view->item.sku);
    if (const auto* where = std::get_if<Location>(&event.state))
        return *where == after.locations.at(where->code);
    if (const auto* movement = std::get_if<Movement>(&event.state))
        return std::ranges::find(changes.movements, *movement) != changes.movements.end();
    if (const auto* view = std::get_if<OrderView>(&event.state))
        return *view == after.view_of(view->order.id);
    if (const auto* record = std::get_if<Record>(&event.state))
        return *record == after.records.at(record->srn);
    return false;
}

/// An order is all or nothing over its lines.
bool is_whole(const Order& order, const Hold* hold) {
    if (order.state == OrderState::rejected) return hold == nullptr;
    if (hold == nullptr) return false;
    std::map<Sku, Quantity> held;
    for (const HoldLine& line : hold->lines)
        held[line.sku] += line.quantity;
    return held.size() == order.lines.size() &&
           std::ranges::all_of(order.lines, [&held](const OrderLine& line) {
               return held.contains(line.sku) && held.at(line.sku) == line.quantity;
           });
}

template <typename State, typename Map, typename KeyOf>
bool are_rows_of_change(const Map& before, const Map& after,
                        const std::vector<const Tracked<State>*>& rows, KeyOf key_of) {
    std::size_t differing = 0;
    for (const auto& [key, state] : after) {
        const State* known = find_in(before, key);
        if (known == nullptr || *known != state) ++differing;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto key = key_of(rows[i]->state);
        const State* known = find_in(before, key);
        const State* now = find_in(after, key);
        if (now == nullptr || *now != rows[i]->state) return false;
        if (rows[i]->stored != (known != nullptr)) return false;
        if (i > 0 && !(key_of(rows[i - 1]->state) < key)) return false;
    }
    return differing == rows.size();
}

}  // namespace

std::string audit_changes(const Shelf& before, const Command& command, Time now,
                          const Decision& decision, bool is_refused) {
    const Changes& changes = decision.changes;
    for (const Order& order : changes.orders) {
        const Order* known = find_in(before.orders, order.id);
        if (!may_follow(known ? std::optional(known->state) : std::nullopt, order.state))
            return "an order changed against its states";
        if (!known && order.id != command.id) return "an order has another id than its command";
        if (order.updated_at != now) return "an order changed at another time";
        const bool is_placed = order.id == command.id;
        if (is_refused && !is_placed && order.state != OrderState::expired)
            return "a refused command changed an order";
    }
    for (const Hold& hold : changes.holds) {
        if (is_refused && hold.state != HoldState::expired)
            return "a refused command changed a hold";
    }
    if (is_refused && !(changes.items.empty() && changes.locations.empty() &&
                        changes.records.empty() && changes.movements.empty()))
        return "a refused command changed something";
    if (!are_next_versions(before.items, changes.items, [](const Item& i) { return i.sku; }) ||
        !are_next_versions(before.levels, changes.levels, place_of) ||
        !are_next_versions(before.orders, changes.orders, [](const Order& o) { return o.id; }) ||
        !are_next_versions(before.holds, changes.holds, [](const Hold& h) { return h.id; }) ||
        !are_next_versions(before.records, changes.records, [](const Record& r) { return r.srn; }))
        return "a version did not grow by one";
    for (const Event& event : changes.events) {
        const bool is_expiry = event.type == EventType::order_expired;
        if (event.actor != (is_expiry ? kExpiryActor : command.actor))
            return "an event names another actor";
        if (event.command != command.id || event.at != now)
            return "an event names another command or time";
    }
    return "";
}

std::string audit_stock(const Shelf& shelf) {
    std::map<Shelf::Place, Quantity> held;
    for (const auto& [id, hold] : shelf.holds) {
        if (hold.state != HoldState::pending && hold.state != HoldState::committed) continue;
        for (const HoldLine& line : hold.lines)
            held[{line.sku, line.location}] += line.held();
    }
    std::map<Sku, Quantity> on_hand;
    for (const auto& [place, level] : shelf.levels) {
        const auto text = level.sku.text() + " at " + level.location.text();
        if (level.held < 0 || level.held > level.on_hand || level.on_hand > kMaxQuantity)
            return "invariant 1: " + text;
        if ((on_hand[level.sku] += level.on_hand) > kMaxQuantity)
            return "more than there may be, over all locations: " + text;
        if (level.on_hand != shelf.moved.at(place)) return "invariant 2, ledger: " + text;
        const Quantity* of_holds = find_in(held, place);
        if (level.held != (of_holds ? *of_holds : 0)) return "invariant 2, holds: " + text;
    }
    for (const auto& [place, sum] : shelf.moved)
        if (!shelf.levels.contains(place)) return "invariant 2: a movement without a level";
    for (const auto& [place, sum] : held)
        if (!shelf.levels.contains(place)) return "invariant 2: a hold without a level";
    for (const auto& [id, order] : shelf.orders)
        if (!is_whole(order, find_in(shelf.holds, id))) return "invariant 7: " + id.to_string();
    return "";
}

std::string compare_events(const Shelf& after, const Changes& changes, const Model& model) {
    std::vector<Happening> recorded;
    for (const Event& event : changes.events) {
        recorded.emplace_back(event.type, key_of(event));
        if (!tells_state(after, changes, event)) return "an event tells another state";
    }
    auto expected = model.happenings();
    std::ranges::sort(recorded);
    std::ranges::sort(expected);
    if (recorded != expected) return "other events than happened";
    if (changes.movements != model.movements()) return "other movements than the model's";
    return "";
}

std::string compare_state(const Shelf& shelf, const Model& model) {
    const auto is_same = [](const auto& rows, const auto& expected, auto key_of) {
        return rows.size() == expected.size() &&
               std::ranges::all_of(expected, [&](const auto& state) {
                   const auto* row = find_in(rows, key_of(state));
                   return row != nullptr && *row == state;
               });
    };
    if (!is_same(shelf.items, model.items(), [](const Item& i) { return i.sku; }))
        return "other items than the model's";
    if (!is_same(shelf.locations, model.locations(), [](const Location& l) { return l.code; }))
        return "other locations than the model's";
    if (!is_same(shelf.orders, model.orders(), [](const Order& o) { return o.id; }))
        return "other orders than the model's";
    if (!is_same(shelf.holds, model.holds(), [](const Hold& h) { return h.id; }))
        return "other holds than the model's";
    if (!is_same(shelf.records, model.records(), [](const Record& r) { return r.srn; }))
        return "other records than the model's";
    if (shelf.levels != model.levels()) return "other levels than the model's";
    return "";
}

std::string compare_rows(const Shelf& before, const Shelf& after, const Snapshot& snapshot) {
    const bool is_same =
        are_rows_of_change(before.items, after.items, snapshot.changed_items(),
                           [](const Item& i) { return i.sku; }) &&
        are_rows_of_change(before.levels, after.levels, snapshot.changed_levels(), place_of) &&
        are_rows_of_change(before.locations, after.locations, snapshot.changed_locations(),
                           [](const Location& l) { return l.code; }) &&
        are_rows_of_change(before.orders, after.orders, snapshot.changed_orders(),
                           [](const Order& o) { return o.id; }) &&
        are_rows_of_change(before.holds, after.holds, snapshot.changed_holds(),
                           [](const Hold& h) { return h.id; }) &&
        are_rows_of_change(before.records, after.records, snapshot.changed_records(),
                           [](const Record& r) { return r.srn; });
    return is_same ? "" : "the snapshot has other rows to write than have changed";
}

}  // namespace stockroom::simulation
