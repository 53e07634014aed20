#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "stockroom/domain/decide.hpp"

namespace stockroom::domain {

/// What a movement is for.
struct MovementNote {
    MovementKind kind = MovementKind::receipt;
    std::string reason;
    std::string reference;
    std::optional<Uuid> order;
};

/// A snapshot with the changes of the decision under way laid over it, so that one rule can stand
/// on another's effect. Checks, as it goes and at the end, what no decision may break.
class Draft {
  public:
    /// REQUIRES: all three outlive the draft.
    Draft(const Snapshot& snapshot, const Uuid& command, const std::string& actor)
        : snapshot_(snapshot), command_(command), actor_(actor) {}

    [[nodiscard]] Time now() const { return snapshot_.now(); }
    [[nodiscard]] const Uuid& command() const { return command_; }
    [[nodiscard]] const std::string& actor() const { return actor_; }
    [[nodiscard]] const Snapshot& snapshot() const { return snapshot_; }

    // Pointers are valid until the next call that is not const, those to levels until finish().
    [[nodiscard]] const Order* find_order(const Uuid& id) const;
    [[nodiscard]] const Hold* find_hold(const Uuid& id) const;
    /// By location; those without a row or a change are left out.
    [[nodiscard]] std::vector<const Level*> levels_of(const Sku& sku) const;
    [[nodiscard]] Level level_at(const Sku& sku, const LocationCode& location) const;
    /// How much more of it there may be: over all locations at most kMaxQuantity.
    [[nodiscard]] Quantity room_for(const Sku& sku) const;

    [[nodiscard]] ItemView view_of(const Item& item) const;
    [[nodiscard]] OrderView view_of(const Order& order) const;

    /// Each at most once in a decision.
    void set(Item item) { changes_.items.push_back(std::move(item)); }
    void set(Location location) { changes_.locations.push_back(std::move(location)); }
    void set(Record record) { changes_.records.push_back(std::move(record)); }
    void set(DeadLetter letter) { changes_.dead_letters.push_back(std::move(letter)); }
    void set(Order order);
    void set(Hold hold);
    /// Changes what is held there.
    void change_held(const Sku& sku, const LocationCode& location, Quantity by);
    /// Changes what is on hand there, and writes it into the ledger.
    void move(const Sku& sku, const LocationCode& location, Quantity by, MovementNote note);

    /// Notes a fact as the command's actor's doing, or as somebody else's.
    void record(EventType type, decltype(Event::state) state);
    void record_as(const std::string& actor, EventType type, decltype(Event::state) state);
    [[nodiscard]] const Movement& last_movement() const { return changes_.movements.back(); }
    [[nodiscard]] const DeadLetter& last_dead_letter() const {
        return changes_.dead_letters.back();
    }

    /// All changes. The draft is empty then.
    [[nodiscard]] Changes finish();

  private:
    [[nodiscard]] const Level* find_level(const Sku& sku, const LocationCode& location) const;
    Level& change_level(const Sku& sku, const LocationCode& location);

    const Snapshot& snapshot_;
    const Uuid& command_;
    const std::string& actor_;
    std::map<Sku, std::map<LocationCode, Level>> levels_;
    Changes changes_;  // without levels
};

}  // namespace stockroom::domain
