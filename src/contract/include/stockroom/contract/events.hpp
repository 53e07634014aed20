#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"

namespace stockroom::contract {

/// A line of the event log as others get it: CloudEvents 1.0, JSON format.
struct CloudEvent {
    std::int64_t position = 0;  // "id" and "sequence"
    std::string type;           // "order.reserved"
    std::string key;            // "subject": "order/0193…"
    std::int64_t version = 1;   // "version": grows per subject
    std::optional<base::Uuid> command;
    std::string actor;
    base::Time at;
    std::string data;  // JSON
};

/// What the relay says each second, as a message of this type: an array of one event whose position
/// is the last one published and whose data is empty.
inline constexpr std::string_view kHeartbeatType = "relay.heartbeat";

[[nodiscard]] std::string encode_event(const CloudEvent& event);
/// application/cloudevents-batch+json
[[nodiscard]] std::string encode_events(std::span<const CloudEvent> events);
/// The error says what is wrong and where.
[[nodiscard]] std::expected<std::vector<CloudEvent>, std::string> decode_events(
    std::string_view bytes);

}  // namespace stockroom::contract
