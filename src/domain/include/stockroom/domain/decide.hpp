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

/// Keeps a letter that has come: it waits, again when it was known before. What was kept already
/// changes nothing. As kDeadLetterActor; so are the next two.
[[nodiscard]] Changes keep_dead_letter(const Snapshot& snapshot, const DeadLetterArrival& arrival);
/// The letter was sent. Nothing when it is not the replay of this version any more.
[[nodiscard]] Changes end_replay(const Snapshot& snapshot, const Uuid& letter, Version version);
/// The letter cannot be sent: it waits again, for this reason. Nothing, as before.
[[nodiscard]] Changes give_up_replay(const Snapshot& snapshot, const Uuid& letter, Version version,
                                     const std::string& reason);

/// Expires every loaded hold that is due, as the system. For Snapshot::more_due. `command` is named
/// in the events.
[[nodiscard]] Changes expire_due(const Snapshot& snapshot, const Uuid& command);

}  // namespace stockroom::domain
