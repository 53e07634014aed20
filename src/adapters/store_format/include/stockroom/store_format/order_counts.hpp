#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "stockroom/domain/snapshot.hpp"
#include "stockroom/domain/statistics.hpp"

namespace stockroom::store_format {

/// Statistics are kept by the minute: so many since 1970.
[[nodiscard]] constexpr std::int64_t minute_of(base::Time time) {
    return std::chrono::floor<std::chrono::minutes>(std::chrono::microseconds(time.microseconds()))
        .count();
}
[[nodiscard]] constexpr base::Time start_of_minute(std::int64_t minute) {
    return base::Time().plus(std::chrono::minutes(minute));
}

/// What a batch adds to the statistics: its new orders, by the minute of their creation.
[[nodiscard]] std::map<std::int64_t, domain::OrderTotals> count_new_orders(
    const domain::Snapshot& snapshot);

}  // namespace stockroom::store_format
