#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "stockroom/base/time.hpp"

namespace stockroom::relay {

/// What it means for the relay that a queue does not take events. Most likely it is full, for as
/// long as its owner lets it be; but the broker may also be in trouble with it for a moment, and it
/// must miss nothing for that. So they are published again for a while, and then count as
/// published: nobody may hold up all others for ever. No clock.
class Refusals {
  public:
    struct Limits {
        /// So much time in all is spent on publishing again,
        std::chrono::milliseconds patience{10'000};
        /// until nothing was refused for so long, or the bus failed: then it begins anew.
        std::chrono::milliseconds memory{600'000};
    };
    explicit Refusals(const Limits& limits) : limits_(limits) {}

    /// Whether it all counts as published; else it is to be published again.
    [[nodiscard]] bool counts(bool is_refused, base::Deadline now);
    /// Nothing of it holds after the bus has failed.
    void forget();

  private:
    const Limits limits_;
    base::Deadline last_;                // refusal
    bool waits_ = false;                 // what was refused is published again
    base::Deadline waits_since_;         // while it waits
    base::Deadline::duration spent_{0};  // before that
};

/// Up to which position what was published will be lost no more. A queue that refuses an event
/// hides whether the others have it on their disks, and a broker that dies then may lose it for
/// them; when it still takes messages on the same connection a while later, they have it. No clock.
class SurePosition {
  public:
    explicit SurePosition(std::chrono::milliseconds settling) : settling_(settling) {}

    void begin_at(std::int64_t position) {
        sure_ = next_ = last_ = position;
        refused_at_.reset();
    }
    /// The bus has taken something: everything up to here is published, and of what was not so
    /// before, something may be refused.
    void published(std::int64_t position, bool is_refused, base::Deadline now);
    [[nodiscard]] std::int64_t get() const { return sure_; }

  private:
    const std::chrono::milliseconds settling_;
    std::int64_t sure_ = 0;
    std::int64_t next_ = 0;  // is sure a settling after next_since_
    base::Deadline next_since_;
    std::int64_t last_ = 0;                     // published
    std::optional<base::Deadline> refused_at_;  // the last time, since it began
};

}  // namespace stockroom::relay
