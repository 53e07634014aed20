#pragma once

#include <memory>
#include <string>

#include "stockroom/engine/worker.hpp"
#include "stockroom/health/dead_letter_desk.hpp"
#include "stockroom/ingress/classic_queues.hpp"

namespace stockroom::health {

/// Answers the commands of stockroom.health, and keeps and replays dead letters.
class HealthService {
  public:
    /// REQUIRES: bus and metrics outlive it.
    HealthService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                  std::unique_ptr<DeadLetterDesk> desk, telemetry::Metrics& metrics,
                  engine::OnFailure on_failure = {}, engine::Decide decide = domain::decide);

    /// Answers what comes by the classic queues healthcheck and health_check, too. Call before
    /// start().
    void serve_classic(const ingress::Ingress::Ways& ways);

    /// Call once.
    void start();
    /// Finishes what is under way. The destructor does so too.
    void stop();
    /// Empty while it works; else what is wrong, for /readyz.
    [[nodiscard]] std::string trouble() const;

  private:
    engine::Worker worker_;
    const std::unique_ptr<DeadLetterDesk> desk_;
    ingress::ClassicQueues classic_;
};

}  // namespace stockroom::health
