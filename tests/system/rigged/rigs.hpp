#pragma once

#include <memory>

#include "stockroom/domain/decide.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/store.hpp"

// Ways to build a service wrongly, each put before a part that is right: what the checker of the
// system's tests must notice. And ways to make one command break it.

namespace stockroom::rigged {

/// Consumers ack what they take at once, before anything is committed.
[[nodiscard]] std::unique_ptr<ports::Bus> ack_before_commit(ports::Bus& bus);

/// Publishers call a command durable without waiting for the broker to say so.
[[nodiscard]] std::unique_ptr<ports::Bus> no_confirms(ports::Bus& bus);

/// The process is killed as soon as anything that it has published, and wants no reply to, is
/// durable.
[[nodiscard]] std::unique_ptr<ports::Bus> killed_after_publishing(ports::Bus& bus);

/// Outcomes are neither stored nor looked up.
[[nodiscard]] std::unique_ptr<ports::Store> no_outcomes(std::unique_ptr<ports::Store> store);

/// The rules, but for a command of the actor "trip", which trips a CHECK.
[[nodiscard]] domain::Decision trip(const domain::Snapshot& snapshot,
                                    const domain::Command& command);

/// The rules, but for a command of the actor "trip", which kills the process.
[[nodiscard]] domain::Decision killed_by_a_command(const domain::Snapshot& snapshot,
                                                   const domain::Command& command);

}  // namespace stockroom::rigged
