#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/classic.hpp"
#include "stockroom/ports/events.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::bus_amqp {

struct Options {
    std::string url;      // amqp://user:password@host:port/vhost, or amqps://…
    std::string ca_file;  // for amqps: who signs the broker's certificate; empty: the system's
    std::string service;  // names the connections and is the messages' app_id
    std::size_t queue_max = 100'000;             // messages that wait in one command queue at most
    std::size_t commands_per_message_max = 256;  // 1 to contract::kMaxCommandsPerMessage
    std::size_t messages_in_flight_max = 64;     // unconfirmed, per queue
    /// When nothing came from the other side for twice as long, the connection is lost; from 2 s.
    std::chrono::seconds heartbeat{10};
};

/// RabbitMQ (DESIGN: messages). Every publisher, consumer and subscription has a connection and a
/// thread of its own, connects in the background, and connects again as often as it must.
class AmqpBus final : public ports::Bus, public ports::EventBus, public ports::ClassicBus {
  public:
    /// Connects to nothing yet. The error says, for people, what is wrong with the URL.
    [[nodiscard]] static std::expected<std::unique_ptr<AmqpBus>, std::string> make(
        Options options, telemetry::Metrics& metrics);
    ~AmqpBus() override;
    AmqpBus(const AmqpBus&) = delete;
    AmqpBus& operator=(const AmqpBus&) = delete;

    [[nodiscard]] std::unique_ptr<ports::Publisher> make_publisher(
        ports::ReplyHandler on_replies) override;
    [[nodiscard]] std::unique_ptr<ports::Consumer> make_consumer(std::string_view queue) override;
    [[nodiscard]] std::unique_ptr<ports::ClassicConsumer> make_classic_consumer(
        std::string_view queue) override;
    [[nodiscard]] std::unique_ptr<ports::Asker> make_asker() override;
    [[nodiscard]] std::unique_ptr<ports::EventPublisher> make_event_publisher() override;
    [[nodiscard]] std::unique_ptr<ports::EventSubscription> subscribe(
        ports::EventListener& listener) override;

    /// Empty when every connection stands; else what is wrong with one of them.
    [[nodiscard]] std::string trouble() const override;

    struct Shared;

  private:
    explicit AmqpBus(std::shared_ptr<Shared> shared);
    std::shared_ptr<Shared> shared_;
};

}  // namespace stockroom::bus_amqp
