#include "heartbeat_times.hpp"

#include <algorithm>

namespace stockroom::gateway {

namespace {

constexpr std::chrono::seconds kRemembered{10};

}  // namespace

auto HeartbeatTimes::sent(base::Time said, Time heard) -> Time {
    const auto difference = std::chrono::duration_cast<Difference>(heard.time_since_epoch()) -
                            Difference(said.microseconds());
    if (heard - since_ > kRemembered) {
        least_before_ = least_;
        least_ = difference;
        since_ = heard;
    }
    least_ = std::min(least_, difference);
    return heard - (difference - std::min(least_, least_before_));
}

}  // namespace stockroom::gateway
