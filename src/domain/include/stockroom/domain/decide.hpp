#pragma once

#include "stockroom/domain/command.hpp"
#include "stockroom/domain/outcome.hpp"
#include "stockroom/domain/snapshot.hpp"

namespace stockroom::domain {

struct Decision {
    Outcome outcome;
    Changes changes;  // may be there with a refusal: a hold found to be due expires, as the system
};

/// Adds what the command touches.
void add_keys(const Command& command, Keys& keys);
/// Sorts, and drops what stands twice. Call once all are added.
void normalize(Keys& keys);

/// The rules. Pure: no I/O, no clock, no randomness; the same inputs give the same decision.
/// REQUIRES: the snapshot holds the command's keys. Throws base::bug when an invariant would break.
[[nodiscard]] Decision decide(const Snapshot& snapshot, const Command& command);

/// Expires every loaded hold that is due, as the system. For Snapshot::more_due. `command` is named
/// in the events.
[[nodiscard]] Changes expire_due(const Snapshot& snapshot, const Uuid& command);

}  // namespace stockroom::domain
