#include "event_subscription.hpp"

#include <utility>
#include <vector>

#include "topology.hpp"

namespace stockroom::bus_amqp {

namespace {

constexpr Channel kChannel = 1;
constexpr std::int64_t kMessagesMax = 10'000;
/// What waits longer in the queue is dropped, heartbeats too: who lags has a gap, and knows it.
constexpr std::chrono::milliseconds kAgeMax{500};
/// Acked, so that the broker holds the rest in the queue, where there is a limit.
constexpr std::uint16_t kPrefetch = 512;
constexpr std::chrono::milliseconds kStopMax{1'500};

Expected<void> set_up(Connection& connection) {
    const auto queue = connection.declare_own_queue(kMessagesMax, kAgeMax);
    if (!queue) return std::unexpected(queue.error());
    if (auto bound = connection.bind(*queue, kEventsExchange, "#"); !bound) return bound;
    return connection.consume(kChannel, *queue, "events", Connection::Acks::by_us, kPrefetch);
}

}  // namespace

AmqpEventSubscription::AmqpEventSubscription(std::shared_ptr<AmqpBus::Shared> shared,
                                             ports::EventListener& listener)
    : listener_(listener),
      link_(std::move(shared), "events", set_up),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

AmqpEventSubscription::~AmqpEventSubscription() {
    thread_.request_stop();
    link_.end_at(base::in(kStopMax));
    wakeup_.wake();
    thread_.join();
}

void AmqpEventSubscription::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        if (Connection* connection = link_.connect()) serve(*connection);
        std::vector<Connection*> connections;
        if (link_.connection() != nullptr) connections.push_back(link_.connection());
        wait_for(connections, wakeup_,
                 connections.empty() ? link_.retry_at() : base::Deadline::max());
    }
    link_.close();
}

void AmqpEventSubscription::serve(Connection& connection) {
    if (std::exchange(told_epoch_, link_.epoch()) != link_.epoch()) listener_.on_gap();
    auto served = connection.pump(*this);
    const auto tag = std::exchange(unacked_, 0);
    if (served && tag != 0) served = connection.ack(kChannel, tag, /*multiple=*/true);
    if (!link_.check(served)) listener_.on_gap();
}

void AmqpEventSubscription::on_message(Channel /*channel*/, Incoming message) {
    listener_.on_events(message.routing_key, message.bytes);
    unacked_ = message.tag;
}

}  // namespace stockroom::bus_amqp
