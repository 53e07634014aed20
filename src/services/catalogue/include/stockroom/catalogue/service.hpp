#pragma once

#include <memory>
#include <string>

#include "stockroom/engine/worker.hpp"
#include "stockroom/ingress/classic_queues.hpp"

namespace stockroom::catalogue {

/// Creates, changes and retires items.
class CatalogueService {
  public:
    /// REQUIRES: bus and metrics outlive it.
    CatalogueService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                     telemetry::Metrics& metrics, engine::OnFailure on_failure = {},
                     engine::Decide decide = domain::decide);

    /// Takes what comes by the classic queue create_item, too. Call before start().
    void serve_classic(const ingress::Ingress::Ways& ways);

    /// Call once.
    void start() {
        worker_.start();
        classic_.start();
    }
    /// Finishes what is under way. The destructor does so too.
    void stop() {
        worker_.request_stop();
        classic_.stop();
        worker_.stop();
    }
    /// Empty while it works; else what is wrong, for /readyz.
    [[nodiscard]] std::string trouble() const {
        auto trouble = worker_.trouble();
        return trouble.empty() ? classic_.trouble() : trouble;
    }

  private:
    engine::Worker worker_;
    ingress::ClassicQueues classic_;
};

}  // namespace stockroom::catalogue
