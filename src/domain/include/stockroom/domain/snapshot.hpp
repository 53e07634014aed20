#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "stockroom/domain/event.hpp"
#include "stockroom/domain/state.hpp"

namespace stockroom::domain {

/// What a batch of commands touches, for the store to load. Sorted, each once.
struct Keys {
    std::vector<Uuid> orders;
    std::vector<Sku> skus;
    std::vector<Srn> records{};
    std::vector<Uuid> dead_letters{};
};

/// What one decision changes: the new state of each thing, each at most once, and new facts.
struct Changes {
    std::vector<Item> items;
    std::vector<Level> levels;
    std::vector<Location> locations;
    std::vector<Order> orders;
    std::vector<Hold> holds;
    std::vector<Record> records;
    std::vector<DeadLetter> dead_letters;
    std::vector<Movement> movements;
    std::vector<Event> events;  // without level_changed, which follows from `levels`
    [[nodiscard]] bool empty() const;
};

/// A thing as it was loaded, or as decisions have made it since.
template <typename State>
struct Tracked {
    State state;
    bool stored = false;   // a row exists
    bool changed = false;  // the row must be written
};

/// The part of the stock that a batch touches. The store fills it (add_…), decisions read it and
/// are applied to it, and the store writes what has changed. Reading what was never loaded is a
/// bug.
///
/// Loaded: all locations; for each SKU asked for, whether there is an item and all its levels; each
/// order asked for with its hold, and its SKUs as if they had been asked for; every hold with its
/// order that is due and holds any of those SKUs (or the first ones: see more_due), and their SKUs'
/// items and levels too; each record asked for, deleted ones too; each dead letter asked for,
/// without its body.
class Snapshot {
  public:
    explicit Snapshot(Time now) : now_(now) {}

    /// The store's clock, read while loading.
    [[nodiscard]] Time now() const { return now_; }

    // For the store, while loading.
    void add_location(Location location);
    void add_sku(const Sku& sku);  // loaded; exists only if add_item follows
    void add_item(Item item);
    void add_level(Level level);
    void add_missing_order(const Uuid& id);
    void add_order(Order order);
    void add_hold(Hold hold);
    void add_missing_record(const Srn& srn);
    void add_record(Record record);
    void add_missing_dead_letter(const Uuid& id);
    void add_dead_letter(DeadLetter letter);
    /// There are more due holds on these SKUs than the store loads at once: the engine expires the
    /// loaded ones first and loads again.
    void set_more_due() { more_due_ = true; }
    [[nodiscard]] bool more_due() const { return more_due_; }

    // For decisions. Pointers are valid until the next call that is not const.
    [[nodiscard]] const Item* find_item(const Sku& sku) const;  // retired ones too
    /// All levels of a SKU by location, those without a row left out.
    [[nodiscard]] const std::map<LocationCode, Tracked<Level>>& levels_of(const Sku& sku) const;
    [[nodiscard]] const Location* find_location(const LocationCode& code) const;
    [[nodiscard]] std::size_t count_locations() const { return locations_.size(); }
    [[nodiscard]] const Order* find_order(const Uuid& id) const;
    /// Empty when there is none, or when its order was not asked for.
    [[nodiscard]] const Hold* find_hold(const Uuid& id) const;
    [[nodiscard]] const Record* find_record(const Srn& srn) const;  // deleted ones too
    [[nodiscard]] const DeadLetter* find_dead_letter(const Uuid& id) const;
    /// Pending holds whose time is over at now() and that hold the SKU; earliest expiry first.
    [[nodiscard]] std::vector<Uuid> due_holds(const Sku& sku) const;
    [[nodiscard]] std::vector<Uuid> due_holds() const;  // of all SKUs

    void apply(const Changes& changes);

    // For the store, while committing: what has changed, in key order.
    [[nodiscard]] std::vector<const Tracked<Item>*> changed_items() const;
    [[nodiscard]] std::vector<const Tracked<Level>*> changed_levels() const;
    [[nodiscard]] std::vector<const Tracked<Location>*> changed_locations() const;
    [[nodiscard]] std::vector<const Tracked<Order>*> changed_orders() const;
    [[nodiscard]] std::vector<const Tracked<Hold>*> changed_holds() const;
    [[nodiscard]] std::vector<const Tracked<Record>*> changed_records() const;
    [[nodiscard]] std::vector<const Tracked<DeadLetter>*> changed_dead_letters() const;

  private:
    struct Stock {
        std::optional<Tracked<Item>> item;
        std::map<LocationCode, Tracked<Level>> levels;
    };

    using DueHolds = std::set<std::pair<Time, Uuid>>;

    [[nodiscard]] bool is_due(const Hold& hold) const;
    void index_due(const Hold& hold);
    void unindex_due(const Hold& hold);

    Time now_;
    bool more_due_ = false;
    std::map<LocationCode, Tracked<Location>> locations_;
    std::unordered_map<Sku, Stock> stock_;
    std::unordered_map<Uuid, std::optional<Tracked<Order>>> orders_;
    std::unordered_map<Uuid, Tracked<Hold>> holds_;
    std::map<Srn, std::optional<Tracked<Record>>> records_;
    std::map<Uuid, std::optional<Tracked<DeadLetter>>> dead_letters_;
    std::unordered_map<Sku, DueHolds> due_;
};

}  // namespace stockroom::domain
