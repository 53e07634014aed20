#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stockroom/domain/snapshot.hpp"
#include "stockroom/ports/store.hpp"

namespace stockroom::engine {

/// The ledger lines and events of a batch's decisions. However many of them change a level, it
/// gets one event, with its last state.
class Facts {
  public:
    explicit Facts(base::Time now) : now_(now) {}

    /// What one decision changed, and who wanted it.
    void add(const domain::Changes& changes, const base::Uuid& command, const std::string& actor);

    [[nodiscard]] const std::vector<domain::Movement>& movements() const { return movements_; }
    /// In the order of the decisions, then the levels by key. Call once.
    [[nodiscard]] std::vector<ports::EventRecord> take_events();

  private:
    struct LevelChange {
        domain::Level level;
        base::Uuid command;
        std::string actor;
    };

    base::Time now_;
    std::vector<domain::Movement> movements_;
    std::vector<ports::EventRecord> events_;
    std::map<std::pair<domain::Sku, domain::LocationCode>, LevelChange> levels_;
};

}  // namespace stockroom::engine
