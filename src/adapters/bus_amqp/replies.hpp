#pragma once

#include <string>
#include <vector>

#include "stockroom/ports/bus.hpp"

namespace stockroom::bus_amqp {

/// One message to one address, under one correlation id: an outcome, or an array of outcomes.
struct ReplyMessage {
    std::string reply_to;
    std::string correlation_id;  // empty: none
    std::string bytes;
};

/// As few messages as may be, those to one address under one correlation id in their order: of 256
/// outcomes and about a MiB each at most.
[[nodiscard]] std::vector<ReplyMessage> join(std::vector<ports::Reply> replies);

}  // namespace stockroom::bus_amqp
