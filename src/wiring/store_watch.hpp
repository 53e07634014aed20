#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "stockroom/base/mutex.hpp"
#include "stockroom/ports/error.hpp"

namespace stockroom::wiring {

/// Asks the store now and then, on a thread of its own, so that a service knows that it is away
/// also while nobody wants anything; logs once that it is away, and once that it is back.
class StoreWatch {
  public:
    /// Reads a little from the store. Only called on the watch's thread.
    using Ask = std::function<std::expected<void, ports::Error>()>;

    static constexpr std::chrono::milliseconds kDefaultInterval{1'000};

    explicit StoreWatch(Ask ask, std::chrono::milliseconds interval = kDefaultInterval);
    /// Waits for the question under way.
    ~StoreWatch() = default;
    StoreWatch(const StoreWatch&) = delete;
    StoreWatch& operator=(const StoreWatch&) = delete;

    /// Call once.
    void start();
    /// Lets it end, and does not wait.
    void request_stop() { thread_.request_stop(); }

    /// Empty while the store answers; else what is wrong with it. From any thread, never waits.
    [[nodiscard]] std::string trouble() const;

  private:
    void work(const std::stop_token& stop);
    void ask();
    void report(const std::string& trouble);

    const Ask ask_;
    const std::chrono::milliseconds interval_;
    int failures_ = 0;  // in a row, as far as they matter

    mutable base::mutex mutex_;
    std::string trouble_ STOCKROOM_GUARDED_BY(mutex_) = "was not asked yet";
    std::optional<std::chrono::steady_clock::time_point> asked_at_
        STOCKROOM_GUARDED_BY(mutex_);  // while it has not answered

    std::jthread thread_;
};

}  // namespace stockroom::wiring
