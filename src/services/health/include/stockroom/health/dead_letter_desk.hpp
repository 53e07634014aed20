#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "stockroom/base/mutex.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/ports/store.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::health {

/// Where dead letters go. On a thread of its own it takes them from the bus, keeps each in the
/// store, and acks it then; and it sends what is to be replayed to the queue that it came from, and
/// marks it when that queue has it. Both at least once: a letter that comes twice is one letter,
/// and a replay that is sent twice is the same message, whose commands have one outcome. Several
/// may run.
class DeadLetterDesk {
  public:
    /// How soon a replay is begun that was decided on.
    static constexpr std::chrono::milliseconds kInterval{200};

    /// REQUIRES: bus and metrics outlive it.
    DeadLetterDesk(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                   std::unique_ptr<ports::Queries> queries, telemetry::Metrics& metrics);
    /// Stops.
    ~DeadLetterDesk();
    DeadLetterDesk(const DeadLetterDesk&) = delete;
    DeadLetterDesk& operator=(const DeadLetterDesk&) = delete;

    /// Call once.
    void start();
    /// Lets it begin to stop, and does not wait.
    void request_stop() { thread_.request_stop(); }
    /// Keeps what has come, and ends the thread. Again: nothing.
    void stop();
    /// Empty while it works; else what is wrong with it.
    [[nodiscard]] std::string trouble() const;

  private:
    void work(const std::stop_token& stop);
    void run(const std::stop_token& stop);
    void set_trouble(const std::string& trouble);

    ports::Bus& bus_;
    const std::unique_ptr<ports::Store> store_;
    const std::unique_ptr<ports::Queries> queries_;
    telemetry::Metrics& metrics_;

    mutable base::mutex mutex_;
    std::string trouble_ STOCKROOM_GUARDED_BY(mutex_);

    std::jthread thread_;
};

}  // namespace stockroom::health
