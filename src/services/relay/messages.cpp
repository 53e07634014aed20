#include "messages.hpp"

#include <utility>

#include "stockroom/contract/events.hpp"

namespace stockroom::relay {

namespace {

contract::CloudEvent to_cloud_event(ports::LoggedEvent&& logged) {
    ports::EventRecord& event = logged.event;
    return {.position = logged.position,
            .type = std::move(event.type),
            .key = std::move(event.key),
            .version = event.version,
            .command = event.command,
            .actor = std::move(event.actor),
            .at = event.at,
            .data = std::move(event.data)};
}

ports::EventMessage to_message(const std::vector<contract::CloudEvent>& events) {
    return {.type = events.front().type,
            .first = events.front().position,
            .last = events.back().position,
            .bytes = contract::encode_events(events)};
}

}  // namespace

std::vector<ports::EventMessage> to_messages(std::vector<ports::LoggedEvent> events,
                                             const MessageLimits& limits) {
    std::vector<ports::EventMessage> messages;
    std::vector<contract::CloudEvent> together;
    std::size_t bytes = 0;
    for (auto& logged : events) {
        const std::size_t size = logged.event.data.size();
        const bool fits = !together.empty() && together.front().type == logged.event.type &&
                          together.size() < limits.events_max && bytes + size <= limits.bytes_max;
        if (!fits && !together.empty()) {
            messages.push_back(to_message(together));
            together.clear();
            bytes = 0;
        }
        together.push_back(to_cloud_event(std::move(logged)));
        bytes += size;
    }
    if (!together.empty()) messages.push_back(to_message(together));
    return messages;
}

}  // namespace stockroom::relay
