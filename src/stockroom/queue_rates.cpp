#include "queue_rates.hpp"

#include <cmath>
#include <utility>

namespace stockroom {

health::QueueFigures QueueRates::figures(std::string_view queue) {
    const auto counts = bus_.counts(queue);
    const Sample now{.at = std::chrono::steady_clock::now(),
                     .published = counts.published,
                     .done = counts.published - counts.ready - counts.unacked};
    const auto [found, is_first] = last_.try_emplace(std::string(queue), now);
    const Sample before = std::exchange(found->second, now);
    const std::chrono::duration<double, std::ratio<60>> minutes = now.at - before.at;
    const auto per_minute = [&](std::uint64_t more, std::uint64_t less) {
        return is_first || more < less || minutes.count() <= 0
                   ? 0
                   : std::llround(static_cast<double>(more - less) / minutes.count());
    };
    return {.consumers = static_cast<std::int64_t>(counts.consumers),
            .ready = static_cast<std::int64_t>(counts.ready),
            .unacked = static_cast<std::int64_t>(counts.unacked),
            .in_per_minute = per_minute(now.published, before.published),
            .out_per_minute = per_minute(now.done, before.done),
            .acked = static_cast<std::int64_t>(now.done)};
}

}  // namespace stockroom
