#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "stockroom/engine/engine.hpp"

namespace stockroom::engine {

/// Told when a worker has ended by a bug and will decide nothing more. On the worker's thread.
using OnFailure = std::function<void(const std::string& reason)>;

/// An engine with a thread, a consumer and a store of its own: what a service is made of. It begins
/// to take from the queue once its store can be used.
class Worker {
  public:
    /// REQUIRES: bus and metrics outlive it.
    Worker(EngineOptions options, ports::Bus& bus, std::unique_ptr<ports::Store> store,
           telemetry::Metrics& metrics, OnFailure on_failure = {});
    /// Stops.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Call once.
    void start();
    /// Lets it begin to stop, and does not wait. Again, and before the start: nothing.
    void request_stop() { thread_.request_stop(); }
    /// Finishes the batch under way, replies, and ends the thread. Again: nothing.
    void stop();

    /// Empty while it works; else what is wrong with it, for /readyz. A bug that its root caught
    /// stands here until the process ends: what it had taken is back in the queue.
    [[nodiscard]] std::string trouble() const;

  private:
    void work(const std::stop_token& stop);
    /// Whether it can; not when it is to stop first.
    [[nodiscard]] bool wait_for_store(const std::stop_token& stop);
    void run_engine(const std::stop_token& stop);
    void fail(const std::string& reason);

    const EngineOptions options_;
    ports::Bus& bus_;
    const std::unique_ptr<ports::Store> store_;
    telemetry::Metrics& metrics_;
    const OnFailure on_failure_;

    mutable base::mutex mutex_;
    const Engine* engine_ STOCKROOM_GUARDED_BY(mutex_) = nullptr;  // while it runs
    std::string failure_ STOCKROOM_GUARDED_BY(mutex_) = "not started";
    std::string store_trouble_ STOCKROOM_GUARDED_BY(mutex_);  // while it waits for the store

    std::jthread thread_;
};

}  // namespace stockroom::engine
