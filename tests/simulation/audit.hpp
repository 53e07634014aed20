#pragma once

#include <string>

#include "model.hpp"
#include "shelf.hpp"

namespace stockroom::simulation {

// Each says what is wrong, or nothing. DESIGN section 4 in the order of its numbers.

/// What a decision may change, seen from before: transitions, versions, who and when; and that a
/// refusal changes nothing but what it found to be due.
[[nodiscard]] std::string audit_changes(const Shelf& before, const Command& command, Time now,
                                        const Decision& decision, bool is_refused);

/// What must hold of the whole stock at any time: invariants 1, 2 and 7.
[[nodiscard]] std::string audit_stock(const Shelf& shelf);

/// Whether the facts that a decision recorded are what happened, and tell the state it made.
[[nodiscard]] std::string compare_events(const Shelf& after, const Changes& changes,
                                         const Model& model);

/// Whether the rules and the model have come to the same stock.
[[nodiscard]] std::string compare_state(const Shelf& shelf, const Model& model);

/// Whether what the snapshot would have a store write is what has changed on the shelf.
[[nodiscard]] std::string compare_rows(const Shelf& before, const Shelf& after,
                                       const Snapshot& snapshot);

}  // namespace stockroom::simulation
