#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "stockroom/base/time.hpp"
#include "stockroom/ports/error.hpp"

namespace stockroom::ports {

/// Consecutive lines of the event log, of one type, as one message.
struct EventMessage {
    std::string type;        // "order.reserved": what subscribers choose by
    std::int64_t first = 0;  // position of the first line in it
    std::int64_t last = 0;
    std::string bytes;  // contract::encode_events
};

/// What became of events that the bus was given.
struct EventsTaken {
    /// So many lines of the log are in messages that some queue did not take: it is full and
    /// refuses more, or the bus is in trouble with it; which of the two is not known. The other
    /// queues that are bound to their types were given them, and nothing is said of when they have
    /// them.
    std::int64_t refused = 0;
};

/// The relay's end. One thread owns it.
class EventPublisher {
  public:
    virtual ~EventPublisher() = default;

    /// Returns when the bus has answered all of them: each durable queue that is bound to their
    /// type has them on its disk, but for what is refused. They arrive in their order, at least
    /// once. Errors: retryable (any part of them may have arrived: publish all again; and with them
    /// what was refused not long before, since others may have lost it. So, when something was
    /// refused, an error comes after each loss of the connection before anything is published on
    /// the next one).
    [[nodiscard]] virtual std::expected<EventsTaken, Error> publish(
        std::span<const EventMessage> messages, base::Deadline deadline) = 0;
};

/// Who wants to hear events. Called on a thread of the bus, one call at a time; must be quick, and
/// must not throw.
class EventListener {
  public:
    virtual ~EventListener() = default;

    /// A message, in the order of the log but for repeats (contract::decode_events reads it).
    virtual void on_events(std::string_view type, std::string_view bytes) = 0;
    /// The connection was lost: events may have been missed. Also called before the first message.
    virtual void on_gap() = 0;
};

/// Hears events from when it is made until it is destroyed. Not durable: what is published while
/// it is not connected is missed, which on_gap() tells; and what comes too fast for the listener,
/// or would come too late to be news, which the positions tell.
class EventSubscription {
  public:
    virtual ~EventSubscription() = default;
};

/// The way of committed events to whoever subscribes. Thread-safe.
class EventBus {
  public:
    virtual ~EventBus() = default;
    [[nodiscard]] virtual std::unique_ptr<EventPublisher> make_event_publisher() = 0;
    /// To all types. REQUIRES: the listener outlives the subscription.
    [[nodiscard]] virtual std::unique_ptr<EventSubscription> subscribe(EventListener& listener) = 0;
};

}  // namespace stockroom::ports
