#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "stockroom/bus_memory/bus_memory.hpp"
#include "stockroom/health/options.hpp"

namespace stockroom {

/// What the health monitor is told of the queues of the bus in memory. Of one thread.
class QueueRates {
  public:
    /// REQUIRES: the bus outlives it.
    explicit QueueRates(const bus_memory::MemoryBus& bus) : bus_(bus) {}

    /// The rates are those since the queue was last asked for; 0 at first.
    [[nodiscard]] health::QueueFigures figures(std::string_view queue);

  private:
    struct Sample {
        std::chrono::steady_clock::time_point at;
        std::uint64_t published = 0;
        std::uint64_t done = 0;
    };

    const bus_memory::MemoryBus& bus_;
    std::map<std::string, Sample, std::less<>> last_;
};

}  // namespace stockroom
