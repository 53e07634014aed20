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

/// A line of the event log as others get it: CloudEvents 1.0 (cloudevents.io), JSON format.
struct CloudEvent {
    std::int64_t position = 0;  // "id", and "sequence" with leading zeros, so that it sorts as text
    std::string type;           // "order.reserved"
    std::string key;            // "subject": "order/0193…"
    std::int64_t version = 1;   // "stateversion": grows per subject
    std::optional<base::Uuid> command;
    std::string actor;
    base::Time at;     // "time"
    std::string data;  // JSON

    friend bool operator==(const CloudEvent&, const CloudEvent&) = default;
};

inline constexpr std::string_view kEventsContentType = "application/cloudevents-batch+json";

/// What the relay says each second, as a message of this type: an array of one event whose position
/// is the last one published, and whose key, actor and data are empty. Its "id" is its time: a
/// position would be the id of the event there.
inline constexpr std::string_view kHeartbeatType = "relay.heartbeat";
[[nodiscard]] CloudEvent make_heartbeat(std::int64_t position, base::Time at);

/// What is empty is left out. REQUIRES: position 0 to 2^63 - 1; data is JSON or empty.
[[nodiscard]] std::string encode_event(const CloudEvent& event);
/// A JSON array of them: kEventsContentType.
[[nodiscard]] std::string encode_events(std::span<const CloudEvent> events);

/// Reads an array of events. Members that are not known are passed over; of the others all but
/// `command` must be there, a heartbeat's as above. `data` is the JSON text without the spaces
/// between its parts; every digit is kept.
/// The error says what is wrong and where.
[[nodiscard]] std::expected<std::vector<CloudEvent>, std::string> decode_events(
    std::string_view bytes);

}  // namespace stockroom::contract
