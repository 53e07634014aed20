#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "stockroom/relay/relay.hpp"

namespace stockroom::relay {

/// Told when the relay has ended by a bug and will publish nothing more. On the relay's thread.
using OnFailure = std::function<void(const std::string& reason)>;

/// A relay with a thread of its own.
class RelayService {
  public:
    /// REQUIRES: bus and metrics outlive it.
    RelayService(ports::EventBus& bus, std::unique_ptr<ports::RelayLog> log,
                 telemetry::Metrics& metrics, OnFailure on_failure = {}, RelayOptions options = {});
    /// Stops.
    ~RelayService();
    RelayService(const RelayService&) = delete;
    RelayService& operator=(const RelayService&) = delete;

    /// Call once.
    void start();
    /// Finishes what is being published, saves the position and gives up the lead. Again: nothing.
    void stop();
    /// Empty while it works, or waits for the lead; else what is wrong, for /readyz.
    [[nodiscard]] std::string trouble() const;

  private:
    void work(const std::stop_token& stop);
    void run_relay(const std::stop_token& stop);
    void fail(const std::string& reason);

    ports::EventBus& bus_;
    std::unique_ptr<ports::RelayLog> log_;  // until the thread takes it
    telemetry::Metrics& metrics_;
    const OnFailure on_failure_;
    const RelayOptions options_;

    mutable base::mutex mutex_;
    const Relay* relay_ STOCKROOM_GUARDED_BY(mutex_) = nullptr;  // while it runs
    std::string failure_ STOCKROOM_GUARDED_BY(mutex_) = "not started";

    std::jthread thread_;
};

}  // namespace stockroom::relay
