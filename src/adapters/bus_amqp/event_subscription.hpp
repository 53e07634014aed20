#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <thread>

#include "stockroom/ports/events.hpp"

#include "link.hpp"
#include "wakeup.hpp"

namespace stockroom::bus_amqp {

/// A thread with a connection and a queue of its own, bound to all that kEventsExchange gets. The
/// queue drops what is too many or waits too long, which a listener sees by the positions. It tells
/// of a gap when the connection is lost, and again when there is a new one: until then events are
/// missed.
class AmqpEventSubscription final : public ports::EventSubscription, private Receiver {
  public:
    /// REQUIRES: the listener outlives it.
    AmqpEventSubscription(std::shared_ptr<AmqpBus::Shared> shared, ports::EventListener& listener);
    ~AmqpEventSubscription() override;
    AmqpEventSubscription(const AmqpEventSubscription&) = delete;
    AmqpEventSubscription& operator=(const AmqpEventSubscription&) = delete;

  private:
    // On the thread.
    void run(const std::stop_token& stop);
    void serve(Connection& connection);
    void on_message(Channel channel, Incoming message) override;

    ports::EventListener& listener_;
    Wakeup wakeup_;
    Link link_;
    std::uint64_t told_epoch_ = 0;  // of the link: the connection whose gap is told
    std::uint64_t unacked_ = 0;     // the last tag to be acked; 0: none
    std::jthread thread_;
};

}  // namespace stockroom::bus_amqp
