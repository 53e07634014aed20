#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "stockroom/bus_amqp/bus_amqp.hpp"
#include "stockroom/store_postgres/postgres.hpp"
#include "stockroom/telemetry/metrics.hpp"
#include "stockroom/wiring/run.hpp"

#include "service_flags.hpp"

namespace stockroom::wiring {

/// What a service of the services shape stands on: RabbitMQ and PostgreSQL, as they may be wrapped.
/// Connects to nothing by itself.
class Backends {
  public:
    /// The error is for people: what is wrong with a URL. REQUIRES: `wrap` outlives it.
    [[nodiscard]] static std::expected<std::unique_ptr<Backends>, std::string> open(
        std::string_view service, const Settings& settings, const Wrap& wrap);

    [[nodiscard]] telemetry::Metrics& metrics() { return metrics_; }
    [[nodiscard]] ports::Bus& bus() { return wrapped_bus_ ? *wrapped_bus_ : *bus_; }
    [[nodiscard]] ports::EventBus& event_bus() { return *bus_; }
    [[nodiscard]] ports::ClassicBus& classic_bus() { return *bus_; }
    /// Whether the service's classic queues are to be open.
    [[nodiscard]] bool classic() const { return classic_; }
    [[nodiscard]] std::unique_ptr<ports::Store> make_store();
    [[nodiscard]] std::unique_ptr<ports::Queries> make_queries() { return store_->make_queries(); }
    [[nodiscard]] std::unique_ptr<ports::RelayLog> make_relay_log() {
        return store_->make_relay_log();
    }
    [[nodiscard]] std::unique_ptr<ports::Lead> make_health_lead() {
        return store_->make_health_lead();
    }
    [[nodiscard]] const engine::Decide& decide() const { return wrap_.decide; }

  private:
    Backends(const Wrap& wrap, bool classic) : wrap_(wrap), classic_(classic) {}

    const Wrap& wrap_;
    const bool classic_;
    telemetry::Metrics metrics_;
    std::shared_ptr<store_postgres::PostgresDatabase> store_;
    std::unique_ptr<bus_amqp::AmqpBus> bus_;
    std::unique_ptr<ports::Bus> wrapped_bus_;
};

}  // namespace stockroom::wiring
