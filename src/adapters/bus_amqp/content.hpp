#pragma once

#include <cstddef>
#include <string>

#include "bytes.hpp"
#include "connection.hpp"

namespace stockroom::bus_amqp {

/// A message that is coming in on a channel: a method frame, a header frame, body frames.
struct Connection::Content {
    enum class Kind { none, delivery, returned };
    Kind kind = Kind::none;
    Incoming message;
    std::string reason;        // why it is returned
    bool redelivered = false;  // says the delivery
    std::size_t size = 0;      // of the whole body
    bool has_header = false;

    void begin(Kind its_kind, const amqp_bytes_t& exchange, const amqp_bytes_t& routing_key) {
        *this = {};
        kind = its_kind;
        message.exchange = to_string(exchange);
        message.routing_key = to_string(routing_key);
    }
};

}  // namespace stockroom::bus_amqp
