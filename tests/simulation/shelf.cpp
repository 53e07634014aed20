#include "shelf.hpp"

#include <algorithm>
#include <set>

namespace stockroom::simulation {

namespace {

/// The rows of a map keyed by SKU and something else.
template <typename Map>
auto rows_of(const Map& map, const Sku& sku) {
    std::vector<const typename Map::mapped_type*> rows;
    for (const auto& [key, row] : map)
        if (key.first == sku) rows.push_back(&row);
    return rows;
}

bool is_due_on(const Hold& hold, const std::set<Sku>& skus, Time now) {
    return hold.state == HoldState::pending && *hold.expires_at <= now &&
           std::ranges::any_of(hold.lines,
                               [&skus](const HoldLine& line) { return skus.contains(line.sku); });
}

}  // namespace

Snapshot Shelf::load(const Keys& keys, Time now, std::size_t due_holds_max) const {
    Snapshot snapshot(now);
    for (const auto& [code, location] : locations)
        snapshot.add_location(location);

    std::set<Sku> asked(keys.skus.begin(), keys.skus.end());
    std::set<Uuid> added;
    const auto add_order = [&](const Order& order) {
        if (!added.insert(order.id).second) return;
        snapshot.add_order(order);
        if (const auto hold = holds.find(order.id); hold != holds.end())
            snapshot.add_hold(hold->second);
    };
    for (const Uuid& id : keys.orders) {
        const auto order = orders.find(id);
        if (order == orders.end()) {
            snapshot.add_missing_order(id);
            continue;
        }
        add_order(order->second);
        for (const OrderLine& line : order->second.lines)
            asked.insert(line.sku);
    }

    std::set<Sku> loaded = asked;
    std::size_t due_holds = 0;
    for (const auto& [id, hold] : holds) {
        if (!is_due_on(hold, asked, now)) continue;
        if (due_holds == due_holds_max) {
            snapshot.set_more_due();
            break;
        }
        ++due_holds;
        add_order(orders.at(id));
        for (const HoldLine& line : hold.lines)
            loaded.insert(line.sku);
    }
    for (const Sku& sku : loaded) {
        snapshot.add_sku(sku);
        if (const auto item = items.find(sku); item != items.end()) snapshot.add_item(item->second);
        for (const Level* level : rows_of(levels, sku))
            snapshot.add_level(*level);
    }
    for (const Srn& srn : keys.records) {
        snapshot.add_missing_record(srn);
        if (const auto record = records.find(srn); record != records.end())
            snapshot.add_record(record->second);
    }
    return snapshot;
}

void Shelf::apply(const Changes& changes) {
    for (const Item& item : changes.items)
        items.insert_or_assign(item.sku, item);
    for (const Level& level : changes.levels)
        levels.insert_or_assign({level.sku, level.location}, level);
    for (const Location& location : changes.locations)
        locations.insert_or_assign(location.code, location);
    for (const Order& order : changes.orders)
        orders.insert_or_assign(order.id, order);
    for (const Hold& hold : changes.holds)
        holds.insert_or_assign(hold.id, hold);
    for (const Record& record : changes.records)
        records.insert_or_assign(record.srn, record);
    for (const Movement& movement : changes.movements)
        moved[{movement.sku, movement.location}] += movement.quantity;
}

OrderView Shelf::view_of(const Uuid& order) const {
    const auto hold = holds.find(order);
    return {orders.at(order), hold == holds.end() ? std::nullopt : std::optional(hold->second)};
}

ItemView Shelf::view_of(const Sku& sku) const {
    ItemView view{items.at(sku)};
    for (const Level* level : rows_of(levels, sku)) {
        view.on_hand += level->on_hand;
        view.held += level->held;
    }
    return view;
}

}  // namespace stockroom::simulation
