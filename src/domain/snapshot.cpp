#include "stockroom/domain/snapshot.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "stockroom/base/check.hpp"

namespace stockroom::domain {

namespace {

constexpr const char* kSkuNotLoaded = "a SKU must be loaded before it is read";
constexpr const char* kRecordNotLoaded = "a record must be loaded before it is read";
constexpr const char* kDeadLetterNotLoaded = "a dead letter must be loaded before it is read";
constexpr const char* kOrderNotLoaded = "an order must be loaded before it is read";

template <typename State>
void change(std::optional<Tracked<State>>& known, const State& state) {
    known = Tracked<State>{state, known && known->stored, true};
}

template <typename Map, typename Key, typename State>
void change(Map& map, const Key& key, const State& state) {
    const auto [known, is_new] = map.try_emplace(key, Tracked<State>{state, false, true});
    if (!is_new) known->second = Tracked<State>{state, known->second.stored, true};
}

template <typename State>
using ChangedRows = std::vector<const Tracked<State>*>;

template <typename State>
void add_if_changed(ChangedRows<State>& rows, const Tracked<State>& tracked) {
    if (tracked.changed) rows.push_back(&tracked);
}

template <typename State, typename Key>
void sort_by(ChangedRows<State>& rows, Key key) {
    std::ranges::sort(rows, [key](const Tracked<State>* a, const Tracked<State>* b) {
        return key(a->state) < key(b->state);
    });
}

}  // namespace

bool Changes::empty() const {
    return items.empty() && levels.empty() && locations.empty() && orders.empty() &&
           holds.empty() && records.empty() && dead_letters.empty() && movements.empty() &&
           events.empty();
}

void Snapshot::add_location(Location location) {
    const LocationCode code = location.code;
    locations_.insert_or_assign(code, Tracked<Location>{std::move(location), true, false});
}

void Snapshot::add_sku(const Sku& sku) {
    stock_.try_emplace(sku);
}

void Snapshot::add_item(Item item) {
    Stock& stock = stock_[item.sku];
    stock.item = Tracked<Item>{std::move(item), true, false};
}

void Snapshot::add_level(Level level) {
    Stock& stock = stock_[level.sku];
    const LocationCode location = level.location;
    stock.levels.insert_or_assign(location, Tracked<Level>{std::move(level), true, false});
}

void Snapshot::add_missing_order(const Uuid& id) {
    orders_.try_emplace(id);
}

void Snapshot::add_order(Order order) {
    const Uuid id = order.id;
    orders_.insert_or_assign(id, Tracked<Order>{std::move(order), true, false});
}

void Snapshot::add_hold(Hold hold) {
    index_due(hold);
    const Uuid id = hold.id;
    holds_.insert_or_assign(id, Tracked<Hold>{std::move(hold), true, false});
}

void Snapshot::add_missing_record(const Srn& srn) {
    records_.try_emplace(srn);
}

void Snapshot::add_record(Record record) {
    const Srn srn = record.srn;
    records_.insert_or_assign(srn, Tracked<Record>{std::move(record), true, false});
}

void Snapshot::add_missing_dead_letter(const Uuid& id) {
    dead_letters_.try_emplace(id);
}

void Snapshot::add_dead_letter(DeadLetter letter) {
    const Uuid id = letter.id;
    dead_letters_.insert_or_assign(id, Tracked<DeadLetter>{std::move(letter), true, false});
}

const Item* Snapshot::find_item(const Sku& sku) const {
    const auto found = stock_.find(sku);
    CHECK(found != stock_.end(), kSkuNotLoaded);
    return found->second.item ? &found->second.item->state : nullptr;
}

const std::map<LocationCode, Tracked<Level>>& Snapshot::levels_of(const Sku& sku) const {
    const auto found = stock_.find(sku);
    CHECK(found != stock_.end(), kSkuNotLoaded);
    return found->second.levels;
}

const Location* Snapshot::find_location(const LocationCode& code) const {
    const auto found = locations_.find(code);
    return found == locations_.end() ? nullptr : &found->second.state;
}

const Order* Snapshot::find_order(const Uuid& id) const {
    const auto found = orders_.find(id);
    CHECK(found != orders_.end(), kOrderNotLoaded);
    return found->second ? &found->second->state : nullptr;
}

const Hold* Snapshot::find_hold(const Uuid& id) const {
    const auto found = holds_.find(id);
    return found == holds_.end() ? nullptr : &found->second.state;
}

const Record* Snapshot::find_record(const Srn& srn) const {
    const auto found = records_.find(srn);
    CHECK(found != records_.end(), kRecordNotLoaded);
    return found->second ? &found->second->state : nullptr;
}

const DeadLetter* Snapshot::find_dead_letter(const Uuid& id) const {
    const auto found = dead_letters_.find(id);
    CHECK(found != dead_letters_.end(), kDeadLetterNotLoaded);
    return found->second ? &found->second->state : nullptr;
}

std::vector<Uuid> Snapshot::due_holds(const Sku& sku) const {
    std::vector<Uuid> ids;
    const auto found = due_.find(sku);
    if (found == due_.end()) return ids;
    ids.reserve(found->second.size());
    for (const auto& [expires_at, id] : found->second)
        ids.push_back(id);
    return ids;
}

std::vector<Uuid> Snapshot::due_holds() const {
    DueHolds all;
    for (const auto& [sku, due] : due_)
        all.insert(due.begin(), due.end());
    std::vector<Uuid> ids;
    ids.reserve(all.size());
    for (const auto& [expires_at, id] : all)
        ids.push_back(id);
    return ids;
}

bool Snapshot::is_due(const Hold& hold) const {
    if (hold.state != HoldState::pending) return false;
    CHECK(hold.expires_at, "a pending hold must have an expiry");
    return *hold.expires_at <= now_;
}

void Snapshot::index_due(const Hold& hold) {
    if (!is_due(hold)) return;
    for (const HoldLine& line : hold.lines)
        if (line.held() > 0) due_[line.sku].emplace(*hold.expires_at, hold.id);
}

void Snapshot::unindex_due(const Hold& hold) {
    if (!is_due(hold)) return;
    for (const HoldLine& line : hold.lines)
        due_[line.sku].erase({*hold.expires_at, hold.id});
}

void Snapshot::apply(const Changes& changes) {
    for (const Item& item : changes.items)
        change(stock_[item.sku].item, item);
    for (const Level& level : changes.levels)
        change(stock_[level.sku].levels, level.location, level);
    for (const Location& location : changes.locations)
        change(locations_, location.code, location);
    for (const Order& order : changes.orders)
        change(orders_[order.id], order);
    for (const Hold& hold : changes.holds) {
        if (const Hold* known = find_hold(hold.id)) unindex_due(*known);
        change(holds_, hold.id, hold);
        index_due(hold);
    }
    for (const Record& record : changes.records)
        change(records_[record.srn], record);
    for (const DeadLetter& letter : changes.dead_letters)
        change(dead_letters_[letter.id], letter);
}

std::vector<const Tracked<Item>*> Snapshot::changed_items() const {
    ChangedRows<Item> rows;
    for (const auto& [sku, stock] : stock_)
        if (stock.item) add_if_changed(rows, *stock.item);
    sort_by(rows, [](const Item& item) -> const Sku& { return item.sku; });
    return rows;
}

std::vector<const Tracked<Level>*> Snapshot::changed_levels() const {
    ChangedRows<Level> rows;
    for (const auto& [sku, stock] : stock_)
        for (const auto& [location, level] : stock.levels)
            add_if_changed(rows, level);
    sort_by(rows, [](const Level& level) { return std::tie(level.sku, level.location); });
    return rows;
}

std::vector<const Tracked<Location>*> Snapshot::changed_locations() const {
    ChangedRows<Location> rows;
    for (const auto& [code, location] : locations_)
        add_if_changed(rows, location);
    return rows;
}

std::vector<const Tracked<Order>*> Snapshot::changed_orders() const {
    ChangedRows<Order> rows;
    for (const auto& [id, order] : orders_)
        if (order) add_if_changed(rows, *order);
    sort_by(rows, [](const Order& order) -> const Uuid& { return order.id; });
    return rows;
}

std::vector<const Tracked<Hold>*> Snapshot::changed_holds() const {
    ChangedRows<Hold> rows;
    for (const auto& [id, hold] : holds_)
        add_if_changed(rows, hold);
    sort_by(rows, [](const Hold& hold) -> const Uuid& { return hold.id; });
    return rows;
}

std::vector<const Tracked<Record>*> Snapshot::changed_records() const {
    ChangedRows<Record> rows;
    for (const auto& [srn, record] : records_)
        if (record) add_if_changed(rows, *record);
    return rows;
}

std::vector<const Tracked<DeadLetter>*> Snapshot::changed_dead_letters() const {
    ChangedRows<DeadLetter> rows;
    for (const auto& [id, letter] : dead_letters_)
        if (letter) add_if_changed(rows, *letter);
    return rows;
}

}  // namespace stockroom::domain
