#pragma once

#include <chrono>

#include "stockroom/base/time.hpp"

namespace stockroom::gateway {

/// When heartbeats were sent, by our own clock, though the sender's may show another time: the
/// least difference between the two that a heartbeat of the last 10 to 20 s came with is the
/// clocks', and what one has above it is how long that one was under way. (A sender whose clock is
/// behind the one before, or was set back, seems to send late until that time is over.)
class HeartbeatTimes {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// REQUIRES: no call before had a later `heard`. Never later than that.
    [[nodiscard]] Time sent(base::Time said, Time heard);

  private:
    using Difference = std::chrono::microseconds;

    Time since_;
    Difference least_ = Difference::max();  // since then
    Difference least_before_ = Difference::max();
};

}  // namespace stockroom::gateway
