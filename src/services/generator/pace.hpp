#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace stockroom::generator {

/// When orders are due: at the start, then once every so often. Knows no clock.
class Pace {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// What is due for longer than this is not made up for: after an outage the orders go on, they
    /// do not come all at once.
    static constexpr std::chrono::seconds kLagMax{1};

    explicit Pace(std::chrono::milliseconds every) : every_(every) {}

    void start(Time now) { next_ = now; }
    /// When the next one is due.
    [[nodiscard]] Time next() const { return next_; }
    [[nodiscard]] bool is_due(Time now) const { return next_ <= now; }
    /// One that is due has been made.
    void take() { next_ += every_; }
    /// Leaves out what is due for too long. How many.
    std::int64_t skip(Time now);

  private:
    std::chrono::milliseconds every_;
    Time next_;
};

/// How many a second, over the last ten whole seconds.
class Rate {
  public:
    using Time = std::chrono::steady_clock::time_point;

    void add(Time now);
    /// "1000.3"
    [[nodiscard]] std::string text(Time now) const;

  private:
    static constexpr std::int64_t kSeconds = 10;
    struct Second {
        std::int64_t number = -1;
        std::int64_t count = 0;
    };

    [[nodiscard]] static std::int64_t number_of(Time time);

    std::array<Second, kSeconds + 1> seconds_;  // the last is not over yet
};

}  // namespace stockroom::generator
