#pragma once

#include <cstddef>
#include <deque>
#include <unordered_set>

#include "stockroom/base/uuid.hpp"

namespace stockroom::gateway {

/// Commands that are durable and whose outcomes have not been heard of: the last `max` of them that
/// became so. An outcome whose reply was lost is never heard of, so the store is asked first.
class Undecided {
  public:
    explicit Undecided(std::size_t max) : max_(max) {}

    void add(const base::Uuid& command) {
        commands_.insert(command);
        by_age_.push_back(command);
        if (by_age_.size() <= max_) return;
        commands_.erase(by_age_.front());
        by_age_.pop_front();
    }
    void remove(const base::Uuid& command) { commands_.erase(command); }
    [[nodiscard]] bool contains(const base::Uuid& command) const {
        return commands_.contains(command);
    }

  private:
    std::size_t max_;
    std::unordered_set<base::Uuid> commands_;
    std::deque<base::Uuid> by_age_;  // also those that were removed meanwhile
};

}  // namespace stockroom::gateway
