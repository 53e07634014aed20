#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_set>

#include "stockroom/base/mutex.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::orders {

/// Gives the stock of orders back whose time is over, so that it is seen to be free also where
/// nobody asks for it. On a thread of its own it looks for such orders, publishes expire_order for
/// each, and waits until all are confirmed before it looks again. Several may run: an order and
/// its expiry always give the same command id.
class ExpirySweeper {
  public:
    static constexpr std::chrono::milliseconds kDefaultInterval{1'000};
    static constexpr std::size_t kOrdersMax = 500;  // of one sweep

    /// REQUIRES: bus and metrics outlive it.
    ExpirySweeper(ports::Bus& bus, std::unique_ptr<ports::Queries> queries,
                  telemetry::Metrics& metrics, std::chrono::milliseconds interval);
    /// Stops.
    ~ExpirySweeper();
    ExpirySweeper(const ExpirySweeper&) = delete;
    ExpirySweeper& operator=(const ExpirySweeper&) = delete;

    /// Call once.
    void start();
    /// Ends the thread; what is published is not waited for. Again: nothing.
    void stop();
    /// Empty while it works; else what is wrong with it.
    [[nodiscard]] std::string trouble() const;

  private:
    class Confirms;

    void work(const std::stop_token& stop);
    void sweep_until_stopped(const std::stop_token& stop);
    [[nodiscard]] bool sweep(const std::stop_token& stop);
    void set_trouble(const std::string& trouble);

    const std::unique_ptr<ports::Publisher> publisher_;
    const std::unique_ptr<ports::Queries> queries_;
    const std::chrono::milliseconds interval_;
    telemetry::Counter swept_;
    std::unordered_set<base::Uuid>
        settled_;  // commands confirmed whose orders are due all the same

    mutable base::mutex mutex_;
    std::string trouble_ STOCKROOM_GUARDED_BY(mutex_);

    std::jthread thread_;
};

}  // namespace stockroom::orders
