#include "news.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace stockroom::health {

using domain::Incident;
using domain::PartChange;
using domain::PartState;

namespace {

/// The incident that was told of goes on under its own id; what is new is how bad it is, and its
/// end.
Incident go_on(Incident told, const PartChange& change) {
    if (change.state == PartState::down) told.state = PartState::down;
    if (change.state == PartState::up)
        told.ended_at =
            change.incident && change.incident->ended_at ? change.incident->ended_at : change.at;
    if (told.ended_at && *told.ended_at < told.started_at) told.ended_at = told.started_at;
    return told;
}

}  // namespace

std::optional<PartChange> take_news(std::map<std::string, PartChange>& stored, PartChange change) {
    const auto found = stored.find(change.part);
    const PartChange* before = found == stored.end() ? nullptr : &found->second;
    change.was = before == nullptr ? PartState::up : before->state;
    if (change.was == change.state) return std::nullopt;
    if (before != nullptr)
        change.at = std::max(change.at, before->at.plus(std::chrono::microseconds(1)));
    change.version = before == nullptr ? 1 : before->version + 1;
    if (before != nullptr && before->incident) change.incident = go_on(*before->incident, change);

    PartChange after = change;
    if (after.incident && after.incident->ended_at) after.incident.reset();
    stored.insert_or_assign(change.part, std::move(after));
    return change;
}

}  // namespace stockroom::health
