#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "stockroom/engine/worker.hpp"
#include "stockroom/health/dead_letter_desk.hpp"
#include "stockroom/health/options.hpp"
#include "stockroom/ingress/classic_queues.hpp"
#include "stockroom/ports/lead.hpp"
#include "stockroom/ports/queries.hpp"

namespace stockroom::health {

class Monitor;

/// What the monitor stands on, besides the bus: each of the store's on a connection of its own.
struct MonitorStore {
    /// Reads a little from the store, and may block. Only called on a thread of its own.
    std::function<std::expected<void, ports::Error>()> ask;
    std::unique_ptr<ports::Store> store;
    std::unique_ptr<ports::Queries> queries;
    std::unique_ptr<ports::Lead> lead;  // null: there is no other health service
};

/// Watches every part of Stockroom, and says how each is; answers the commands of stockroom.health;
/// keeps and replays dead letters.
class HealthService {
  public:
    /// REQUIRES: bus and metrics outlive it.
    HealthService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                  std::unique_ptr<DeadLetterDesk> desk, telemetry::Metrics& metrics,
                  engine::OnFailure on_failure = {}, engine::Decide decide = domain::decide);
    ~HealthService();
    HealthService(const HealthService&) = delete;
    HealthService& operator=(const HealthService&) = delete;

    /// Answers what comes by the classic queues healthcheck and health_check, too. Call before
    /// start().
    void serve_classic(const ingress::Ingress::Ways& ways);

    /// Begins to decide commands, and to keep dead letters. Call once.
    void start();
    /// Makes what watches the parts; health itself is one of them. Call at most once.
    void make_monitor(MonitorStore store, Options options);
    /// One more service to watch. REQUIRES: a monitor that is not started yet; no other part has
    /// its name.
    void watch(Watched service);
    /// Begins to watch. REQUIRES: a monitor. Call once.
    void start_monitor();
    /// Finishes what is under way. The destructor does so too.
    void stop();
    /// Empty while it works; else what is wrong, for /readyz.
    [[nodiscard]] std::string trouble() const;
    /// What GET /v1/health answers (api/openapi.yaml: Health). REQUIRES: a monitor. From any
    /// thread; never waits.
    [[nodiscard]] std::string health_json() const;

  private:
    ports::Bus& bus_;
    telemetry::Metrics& metrics_;
    const engine::OnFailure on_failure_;
    engine::Worker worker_;
    const std::unique_ptr<DeadLetterDesk> desk_;
    ingress::ClassicQueues classic_;
    std::unique_ptr<Monitor> monitor_;
};

}  // namespace stockroom::health
