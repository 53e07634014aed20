#pragma once

#include <algorithm>
#include <cstddef>

namespace stockroom::relay {

/// How many events the relay reads and publishes at once: as many as fit into bytes_max, going by
/// the last ones; few at first, and half as many after a failure. So a backlog of long events needs
/// little memory, and what the store or the bus cannot do in time is tried in smaller steps.
class ReadSize {
  public:
    struct Limits {
        std::size_t events_max = 2'048;
        std::size_t bytes_max = 4 * 1024 * 1024;  // of messages
    };
    explicit ReadSize(const Limits& limits)
        : limits_(limits), size_(std::min(limits.events_max, kFirst)) {}

    [[nodiscard]] std::size_t get() const { return size_; }

    /// So many events were published, in messages of so many bytes. REQUIRES: events > 0.
    void published(std::size_t events, std::size_t bytes) {
        const std::size_t fitting = limits_.bytes_max / std::max<std::size_t>(bytes / events, 1);
        size_ = std::clamp<std::size_t>(fitting, 1, std::min(2 * size_, limits_.events_max));
    }
    void failed() { size_ = std::max<std::size_t>(size_ / 2, 1); }

  private:
    static constexpr std::size_t kFirst = 64;

    const Limits limits_;
    std::size_t size_;
};

}  // namespace stockroom::relay
