#include "audit_log.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "stockroom/contract/names.hpp"

namespace stockroom {

namespace {

using domain::EventType;
using domain::OrderState;

constexpr std::string_view kOrderKey = "order/";
constexpr std::string_view kLevelKey = "level/";
constexpr std::string_view kMovementKey = "movement/";
constexpr std::string_view kHealthKey = "health/";
/// There from the start, so without an event of its own.
constexpr std::string_view kMainLocation = "location/main";

std::string at_position(std::int64_t position) {
    return fmt::format("position {}", position);
}

/// The state that an event leaves its order in; `before` where it changes none.
std::optional<OrderState> state_after(EventType type, std::optional<OrderState> before) {
    switch (type) {
        case EventType::order_reserved:
            return OrderState::reserved;
        case EventType::order_confirmed:
            return OrderState::confirmed;
        case EventType::order_partially_fulfilled:
            return OrderState::partially_fulfilled;
        case EventType::order_fulfilled:
            return OrderState::fulfilled;
        case EventType::order_rejected:
            return OrderState::rejected;
        case EventType::order_expired:
            return OrderState::expired;
        case EventType::order_cancelled:
            return OrderState::cancelled;
        case EventType::order_returned:
            return before;
        case EventType::item_created:
        case EventType::item_changed:
        case EventType::item_retired:
        case EventType::item_revived:
        case EventType::location_created:
        case EventType::stock_received:
        case EventType::stock_adjusted:
        case EventType::level_changed:
        case EventType::record_inserted:
        case EventType::record_replaced:
        case EventType::record_deleted:
        case EventType::dead_letter_waiting:
        case EventType::dead_letter_replaying:
        case EventType::dead_letter_replayed:
        case EventType::dead_letter_discarded:
        case EventType::health_changed:
            return std::nullopt;
    }
    return std::nullopt;
}

std::string name_of(std::optional<OrderState> state) {
    return state ? std::string(contract::to_string(*state)) : "nothing";
}

}  // namespace

void AuditLog::check_position(const ports::EventAudit& event) {
    const std::int64_t wanted = position_ + 1;
    if (event.position != wanted) {
        const std::string missing =
            event.position == wanted + 1
                ? fmt::format("position {} is missing", wanted)
                : fmt::format("positions {} to {} are missing", wanted, event.position - 1);
        report_.add({6, "log", at_position(event.position), missing + " before it"});
    }
    position_ = event.position;
}

void AuditLog::add(const ports::EventAudit& event) {
    ++report_.events;
    check_position(event);
    if (!event.has_actor)
        report_.add({5, "log", at_position(event.position),
                     fmt::format("{} of {} has no actor", event.type, event.key)});
    if (!event.has_outcome)
        report_.add(
            {6, "log", at_position(event.position),
             fmt::format("{} of {} is of a command without an outcome", event.type, event.key)});
    check_step(event, trails_[event.key]);
}

void AuditLog::check_step(const ports::EventAudit& event, Trail& trail) {
    // A level's event stands for all that one batch did to it, so its version may leap.
    const bool may_leap = event.key.starts_with(kLevelKey);
    const bool follows =
        may_leap ? event.version > trail.version : event.version == trail.version + 1;
    if (!follows)
        report_.add({6, "log", at_position(event.position),
                     fmt::format("{} has version {} after version {}", event.key, event.version,
                                 trail.version)});
    trail.version = event.version;
    if (event.key.starts_with(kOrderKey)) check_transition(event, trail);
}

void AuditLog::check_transition(const ports::EventAudit& event, Trail& trail) {
    const auto type = contract::parse_event_type(event.type);
    const auto after = type ? state_after(*type, trail.state) : std::nullopt;
    if (!after || !domain::is_order_transition(trail.state, *after)) {
        report_.add({5, "log", at_position(event.position),
                     fmt::format("{} happens to {}, which is {}", event.type, event.key,
                                 name_of(trail.state))});
    }
    if (after) trail.state = after;
}

void AuditLog::check_head(std::int64_t head) {
    if (head != position_)
        report_.add({6, "log", "head",
                     fmt::format("says that position {} is the last, the last event has {}", head,
                                 position_)});
}

void AuditLog::check_version(int invariant, std::string_view what, const std::string& name,
                             const std::string& key, std::int64_t version) {
    const auto trail = trails_.find(key);
    if (trail == trails_.end()) {
        if (key == kMainLocation && version == 1) return;
        return report_.add({6, what, name, "the log has no event of it"});
    }
    trail->second.has_row = true;
    if (trail->second.version != version)
        report_.add({invariant, what, name,
                     fmt::format("its version is {}, its last event's is {}", version,
                                 trail->second.version)});
}

void AuditLog::check_order(const ports::OrderAudit& order) {
    const std::string key = std::string(kOrderKey) + order.order;
    check_version(6, "order", order.order, key, order.version);
    const auto trail = trails_.find(key);
    if (trail == trails_.end()) return;
    const auto& last = trail->second.state;
    if (name_of(last) != order.state)
        report_.add(
            {5, "order", order.order,
             fmt::format("its state is {}, its events leave it {}", order.state, name_of(last))});
}

void AuditLog::check_all_were_seen() {
    for (const auto& [key, trail] : trails_) {
        if (!trail.has_row && !key.starts_with(kMovementKey) && !key.starts_with(kHealthKey))
            report_.add({6, "log", key, "it has events, but no row"});
    }
}

}  // namespace stockroom
