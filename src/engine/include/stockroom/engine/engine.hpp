#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/domain/decide.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/store.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::engine {

/// The rules that a service decides by. Throws base::bug when an invariant would break.
using Decide = std::function<domain::Decision(const domain::Snapshot&, const domain::Command&)>;

struct EngineOptions {
    std::string service;            // for logs and metrics
    std::string queue;              // whose commands these are
    std::size_t batch_max = 1'000;  // commands of one commit
    std::chrono::milliseconds backoff_min{5};
    std::chrono::milliseconds backoff_max{1'000};
    std::chrono::milliseconds store_wait{5'000};  // for its turn to write
    Decide decide = domain::decide;
};

class Batch;
struct Task;
class Instruments;

/// The loop of DESIGN section 2, shared by every service that consumes commands: takes a batch,
/// loads what it touches, decides one by one in memory, commits once, replies, acks. Each command
/// gets exactly one outcome, however often it is delivered, or becomes a dead letter.
class Engine {
  public:
    /// REQUIRES: all outlive the engine; the consumer is of `options.queue`.
    Engine(EngineOptions options, ports::Consumer& consumer, ports::Store& store,
           telemetry::Metrics& metrics);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Works until the stop is requested: then finishes the commit under way, replies, acks and
    /// returns; what was taken besides, or cannot be committed for the world's trouble, is given
    /// back. Call on
    /// a thread of its own. Throws base::bug when a decision, once made, cannot be applied.
    void run(std::stop_token stop);

    /// Empty while all is well; else what the engine is waiting out. From any thread.
    [[nodiscard]] std::string trouble() const;

  private:
    using Result = std::expected<void, ports::Error>;
    using Loaded = std::expected<std::unique_ptr<ports::Transaction>, ports::Error>;

    // These three are false when the stop came before all was committed.
    [[nodiscard]] bool work_off(const std::stop_token& stop, std::vector<ports::Delivery> taken);
    [[nodiscard]] bool work_off_part(const std::stop_token& stop,
                                     std::span<const ports::Delivery> messages,
                                     std::size_t commands_max);
    [[nodiscard]] bool settle(const std::stop_token& stop, std::span<const Task> tasks);

    [[nodiscard]] Result decide_and_commit(const std::stop_token& stop,
                                           std::span<const Task> tasks);
    [[nodiscard]] Loaded load(const std::stop_token& stop, std::span<const Task> tasks);
    /// Whether there was anything to expire: another service may have been first.
    [[nodiscard]] std::expected<bool, ports::Error> expire_loaded(ports::Transaction& transaction);
    [[nodiscard]] Result bury(const Task& task, const std::string& reason);
    /// Before anything waits for the store.
    void answer(std::span<const Task> pings);
    void tell(Batch& batch, std::size_t commands);

    void set_aside(const ports::Delivery& delivery, std::string_view bytes,
                   std::string_view reason);
    void finish(std::span<const ports::Delivery> messages);
    void give_back(std::span<const ports::Delivery> messages);

    /// Waits longer from failure to failure. False when the stop was requested.
    [[nodiscard]] bool back_off(const std::stop_token& stop, const ports::Error& error);
    void recover();

    const EngineOptions options_;
    ports::Consumer& consumer_;
    ports::Store& store_;
    std::unique_ptr<Instruments> instruments_;
    std::uint32_t failures_ = 0;             // in a row
    std::set<std::uint64_t> not_set_aside_;  // tags whose dead letter the bus did not take
    std::minstd_rand random_{std::random_device{}()};

    mutable base::mutex mutex_;
    std::string trouble_ STOCKROOM_GUARDED_BY(mutex_);
};

}  // namespace stockroom::engine
