#pragma once

#include <optional>
#include <string>

#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/domain/state.hpp"

namespace stockroom::domain {

/// What the health service watches: of the services each process, each queue of commands, and the
/// broker and the store.
enum class PartKind { service, queue, server };

enum class PartState {
    up,
    degraded,  // it answers, but cannot do all its work, or is slow
    down,
    unknown,  // it was not asked yet, or cannot be asked now
};

/// A time in which a part was not as it should be.
struct Incident {
    base::Uuid id;
    std::string part;
    PartKind kind = PartKind::service;
    PartState state = PartState::down;  // the worse of degraded and down that it was in
    std::string cause;                  // for people, as it was first
    base::Time started_at;              // when it failed first
    base::Time reported_at;             // when that was sure
    std::optional<base::Time> ended_at;
    friend bool operator==(const Incident&, const Incident&) = default;
};

/// That a part is in another state than before, as the health service keeps it.
struct PartChange {
    std::string part;
    PartKind kind = PartKind::service;
    PartState state = PartState::up;
    PartState was = PartState::up;
    std::string cause;  // empty when it is up
    base::Time at;
    Version version = 1;               // grows by 1 per part
    std::optional<Incident> incident;  // as it is now: begun, going on or ended by this
    friend bool operator==(const PartChange&, const PartChange&) = default;
};

}  // namespace stockroom::domain
