#include "pace.hpp"

#include <fmt/format.h>

namespace stockroom::generator {

std::int64_t Pace::skip(Time now) {
    const auto oldest = now - kLagMax;
    if (next_ >= oldest) return 0;
    const std::int64_t count = (oldest - next_) / every_;
    next_ += every_ * count;
    return count;
}

std::int64_t Rate::number_of(Time time) {
    return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

void Rate::add(Time now) {
    const std::int64_t number = number_of(now);
    Second& second = seconds_.at(static_cast<std::size_t>(number) % seconds_.size());
    if (second.number != number) second = {.number = number, .count = 0};
    ++second.count;
}

std::string Rate::text(Time now) const {
    const std::int64_t number = number_of(now);
    std::int64_t count = 0;
    for (const Second& second : seconds_)
        if (second.number < number && second.number >= number - kSeconds) count += second.count;
    static_assert(kSeconds == 10, "so many in ten seconds are tenths of a second's");
    return fmt::format("{}.{}", count / kSeconds, count % kSeconds);
}

}  // namespace stockroom::generator
