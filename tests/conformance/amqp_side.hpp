#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "stockroom/bus_amqp/bus_amqp.hpp"
#include "stockroom/contract/names.hpp"

#include "amqp_broker.hpp"
#include "box.hpp"
#include "tcp_proxy.hpp"

namespace stockroom::conformance {

/// A bus to the broker, through a proxy, and what its one publisher is told.
class Side {
  public:
    struct Settings {
        std::size_t commands_per_message_max = 1;
        std::size_t queue_max = 100'000;
        std::chrono::seconds heartbeat{10};
    };
    Side(const VirtualHost& host, const Settings& settings);

    bus_amqp::AmqpBus& bus() { return *bus_; }
    TcpProxy& proxy() { return proxy_; }

    void make_publisher();
    void end_publisher() { publisher_.reset(); }
    void publish(std::string bytes, std::string_view queue = contract::kOrdersQueue);
    /// What the next one is told.
    ports::Published publish_and_wait(std::string bytes,
                                      std::string_view queue = contract::kOrdersQueue);
    /// Until the bus is there; it must be there before the patience ends.
    void publish_until_durable(const std::string& bytes);

    /// Whether the metrics have this line, "stockroom_bus_sent_messages_total 2".
    [[nodiscard]] bool shows(std::string_view line) const;
    /// Until they do.
    void wait_until_shown(std::string_view line) const;
    /// Until so many messages are on their way.
    void wait_until_sent(int messages) const;

    Box<ports::Published>& published() { return published_; }
    Box<std::string>& replies() { return replies_; }

  private:
    TcpProxy proxy_{broker_address()};
    telemetry::Metrics metrics_;
    Box<ports::Published> published_;
    Box<std::string> replies_;
    std::size_t count_ = 0;
    std::unique_ptr<bus_amqp::AmqpBus> bus_;
    std::unique_ptr<ports::Publisher> publisher_;
};

/// The next one that comes.
ports::Delivery take_one(ports::Consumer& consumer);

/// A publisher that sends arrays, and a consumer, each with a bus and a proxy of its own.
class AmqpTest : public testing::Test {
  protected:
    void SetUp() override;
    /// A publisher that is connected: its first command is confirmed, taken and acked.
    void connect_publisher(ports::Consumer& consumer);

    std::optional<VirtualHost> host_;
    std::optional<Side> sender_;
    std::optional<Side> taker_;
};

}  // namespace stockroom::conformance
