#include "draft.hpp"

#include <algorithm>

#include "stockroom/base/check.hpp"

namespace stockroom::domain {

namespace {

template <typename State>
State* find_in(std::vector<State>& changed, const Uuid& id) {
    const auto found = std::ranges::find(changed, id, &State::id);
    return found == changed.end() ? nullptr : &*found;
}

template <typename State>
const State* find_in(const std::vector<State>& changed, const Uuid& id) {
    const auto found = std::ranges::find(changed, id, &State::id);
    return found == changed.end() ? nullptr : &*found;
}

template <typename State>
void put(std::vector<State>& changed, State state) {
    if (State* earlier = find_in(changed, state.id)) {
        *earlier = std::move(state);
    } else {
        changed.push_back(std::move(state));
    }
}

void check_level(const Level& level) {
    CHECK(level.on_hand >= 0, "on hand must not be negative");
    CHECK(level.held >= 0, "held must not be negative");
    CHECK(level.held <= level.on_hand, "no more can be held than is on hand");
    CHECK(level.on_hand <= kMaxQuantity, "a level must stay within kMaxQuantity");
}

void check_hold(const Hold& hold) {
    const bool open = hold.state == HoldState::pending || hold.state == HoldState::committed;
    bool holds_something = false;
    for (const HoldLine& line : hold.lines) {
        CHECK(line.posted >= 0, "a hold line must not take back what it posted");
        CHECK(line.voided >= 0, "a hold line must not take back what it voided");
        CHECK(line.held() >= 0, "a hold line must not give more than it has");
        holds_something = holds_something || line.held() > 0;
    }
    CHECK(open == holds_something, "a hold must be open exactly while it holds something");
    CHECK(hold.expires_at.has_value() == (hold.state == HoldState::pending),
          "a hold must have an expiry exactly while it is pending");
}

}  // namespace

const Order* Draft::find_order(const Uuid& id) const {
    if (const Order* changed = find_in(changes_.orders, id)) return changed;
    return snapshot_.find_order(id);
}

const Hold* Draft::find_hold(const Uuid& id) const {
    if (const Hold* changed = find_in(changes_.holds, id)) return changed;
    return snapshot_.find_hold(id);
}

const Level* Draft::find_level(const Sku& sku, const LocationCode& location) const {
    if (const auto changed = levels_.find(sku); changed != levels_.end()) {
        const auto level = changed->second.find(location);
        if (level != changed->second.end()) return &level->second;
    }
    const auto& known = snapshot_.levels_of(sku);
    const auto level = known.find(location);
    return level == known.end() ? nullptr : &level->second.state;
}

std::vector<const Level*> Draft::levels_of(const Sku& sku) const {
    static const std::map<LocationCode, Level> none;
    const auto entry = levels_.find(sku);
    const auto& changed = entry == levels_.end() ? none : entry->second;
    const auto& known = snapshot_.levels_of(sku);

    std::vector<const Level*> found;
    found.reserve(known.size() + changed.size());
    auto next = changed.begin();
    for (const auto& [location, level] : known) {
        for (; next != changed.end() && next->first < location; ++next)
            found.push_back(&next->second);
        const bool is_changed = next != changed.end() && next->first == location;
        found.push_back(is_changed ? &next->second : &level.state);
        if (is_changed) ++next;
    }
    for (; next != changed.end(); ++next)
        found.push_back(&next->second);
    return found;
}

Level Draft::level_at(const Sku& sku, const LocationCode& location) const {
    if (const Level* level = find_level(sku, location)) return *level;
    return Level{.sku = sku, .location = location};
}

Quantity Draft::room_for(const Sku& sku) const {
    Quantity room = kMaxQuantity;
    for (const Level* level : levels_of(sku))
        room -= level->on_hand;
    return room;
}

ItemView Draft::view_of(const Item& item) const {
    ItemView view{.item = item};
    for (const Level* level : levels_of(item.sku)) {
        view.on_hand += level->on_hand;
        view.held += level->held;
    }
    return view;
}

OrderView Draft::view_of(const Order& order) const {
    const Hold* hold = find_hold(order.id);
    return OrderView{order, hold == nullptr ? std::nullopt : std::optional(*hold)};
}

void Draft::set(Order order) {
    const bool placed_now = order.id == command_;
    const Order* earlier = placed_now ? find_in(changes_.orders, order.id) : find_order(order.id);
    if (!placed_now) CHECK(earlier != nullptr, "a new order must have its command's id");
    CHECK(is_order_transition(earlier ? std::optional(earlier->state) : std::nullopt, order.state),
          "an order must change along its states");
    put(changes_.orders, std::move(order));
}

void Draft::set(Hold hold) {
    check_hold(hold);
    put(changes_.holds, std::move(hold));
}

Level& Draft::change_level(const Sku& sku, const LocationCode& location) {
    auto& changed = levels_[sku];
    if (const auto level = changed.find(location); level != changed.end()) return level->second;
    Level& level = changed.emplace(location, level_at(sku, location)).first->second;
    ++level.version;
    return level;
}

void Draft::change_held(const Sku& sku, const LocationCode& location, Quantity by) {
    change_level(sku, location).held += by;
}

void Draft::move(const Sku& sku, const LocationCode& location, Quantity by, MovementNote note) {
    CHECK(by != 0, "a movement must move something");
    change_level(sku, location).on_hand += by;
    changes_.movements.push_back({.sku = sku,
                                  .location = location,
                                  .kind = note.kind,
                                  .quantity = by,
                                  .reason = std::move(note.reason),
                                  .reference = std::move(note.reference),
                                  .order = note.order,
                                  .command = command_,
                                  .actor = actor_,
                                  .at = now()});
}

void Draft::record(EventType type, decltype(Event::state) state) {
    record_as(actor_, type, std::move(state));
}

void Draft::record_as(const std::string& actor, EventType type, decltype(Event::state) state) {
    changes_.events.push_back({.type = type,
                               .state = std::move(state),
                               .command = command_,
                               .actor = actor,
                               .at = now()});
}

Changes Draft::finish() {
    for (auto& [sku, changed] : levels_) {
        const auto& known = snapshot_.levels_of(sku);
        for (auto& [location, level] : changed) {
            check_level(level);
            // Given back and taken again within one decision: nothing has changed.
            const auto before = known.find(location);
            if (before != known.end() && before->second.state.on_hand == level.on_hand &&
                before->second.state.held == level.held)
                continue;
            changes_.levels.push_back(std::move(level));
        }
    }
    levels_.clear();
    return std::move(changes_);
}

}  // namespace stockroom::domain
