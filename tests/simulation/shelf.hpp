#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "stockroom/domain/decide.hpp"

namespace stockroom::simulation {

using namespace domain;

/// A store in memory: it loads what a store must load (Snapshot), and keeps what decisions change.
struct Shelf {
    using Place = std::pair<Sku, LocationCode>;

    std::map<LocationCode, Location> locations;
    std::map<Sku, Item> items;
    std::map<Place, Level> levels;
    std::map<Uuid, Order> orders;
    std::map<Uuid, Hold> holds;
    std::map<Srn, Record> records;
    std::map<Place, Quantity> moved;  // the sum of all movements

    /// What the keys ask for, with at most so many due holds.
    [[nodiscard]] Snapshot load(const Keys& keys, Time now, std::size_t due_holds_max) const;
    void apply(const Changes& changes);

    [[nodiscard]] OrderView view_of(const Uuid& order) const;
    [[nodiscard]] ItemView view_of(const Sku& sku) const;
};

}  // namespace stockroom::simulation
