#include "stockroom/bus_amqp/bus_amqp.hpp"

#include "core.hpp"
#include "event_publisher.hpp"
#include "event_subscription.hpp"

namespace stockroom::bus_amqp {

std::unique_ptr<ports::EventPublisher> AmqpBus::make_event_publisher() {
    return std::make_unique<AmqpEventPublisher>(shared_);
}

std::unique_ptr<ports::EventSubscription> AmqpBus::subscribe(ports::EventListener& listener) {
    return std::make_unique<AmqpEventSubscription>(shared_, listener);
}

}  // namespace stockroom::bus_amqp
