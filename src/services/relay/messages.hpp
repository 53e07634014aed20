#pragma once

#include <cstddef>
#include <vector>

#include "stockroom/ports/events.hpp"
#include "stockroom/ports/queries.hpp"

namespace stockroom::relay {

struct MessageLimits {
    std::size_t events_max = 256;
    std::size_t bytes_max = 512 * 1024;  // of data; one event may be larger
};

/// Lines of the log as messages, in their order: each holds as many consecutive ones of one type as
/// the limits allow.
[[nodiscard]] std::vector<ports::EventMessage> to_messages(std::vector<ports::LoggedEvent> events,
                                                           const MessageLimits& limits = {});

}  // namespace stockroom::relay
