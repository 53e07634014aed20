#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "stockroom/ports/bus.hpp"

namespace stockroom::ingress {

/// What becomes of commands that were published together. Shared with the bus, which may tell late.
class Sending {
  public:
    explicit Sending(std::size_t count) : missing_(count), told_(count) {}

    void put(std::size_t index, ports::Published what) {
        const std::lock_guard lock(mutex_);
        told_[index] = what;
        if (--missing_ == 0) all_.notify_all();
    }

    /// One for each command. Empty when the stop came first.
    [[nodiscard]] std::optional<std::vector<ports::Published>> wait(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        if (!all_.wait(lock, stop, [this] { return missing_ == 0; })) return std::nullopt;
        return told_;
    }

  private:
    // Not base::mutex: only the standard's condition_variable_any knows stop tokens.
    std::mutex mutex_;
    std::condition_variable_any all_;
    std::size_t missing_;
    std::vector<ports::Published> told_;
};

}  // namespace stockroom::ingress
