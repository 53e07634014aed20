#pragma once

#include <memory>
#include <string>

#include "stockroom/engine/worker.hpp"
#include "stockroom/ingress/classic_queues.hpp"
#include "stockroom/orders/sweeper.hpp"

namespace stockroom::orders {

/// Prices, places, confirms, fulfils, cancels and expires orders.
class OrdersService {
  public:
    /// REQUIRES: bus and metrics outlive it.
    OrdersService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                  std::unique_ptr<ports::Queries> queries, telemetry::Metrics& metrics,
                  engine::OnFailure on_failure = {},
                  std::chrono::milliseconds sweep_interval = ExpirySweeper::kDefaultInterval,
                  engine::Decide decide = domain::decide);

    /// Answers what is asked by the classic queue order_processing, too. Call before start().
    void serve_classic(const ingress::Ingress::Ways& ways, std::unique_ptr<ports::Queries> queries);

    /// Call once.
    void start();
    /// Finishes what is under way. The destructor does so too.
    void stop();
    /// Empty while it works; else what is wrong, for /readyz.
    [[nodiscard]] std::string trouble() const;

  private:
    engine::Worker worker_;
    ExpirySweeper sweeper_;
    ingress::ClassicQueues classic_;
};

}  // namespace stockroom::orders
