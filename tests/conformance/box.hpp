#pragma once

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "stockroom/base/mutex.hpp"

namespace stockroom::conformance {

/// Long enough for any broker; nothing here takes that long when it works.
inline base::Deadline patience() {
    return base::in(std::chrono::seconds(30));
}

/// Collects values from any thread, and waits for them.
template <typename T>
class Box {
  public:
    void put(T value) {
        const base::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
        changed_.notify_all();
    }
    /// All there are, once there are at least so many.
    std::vector<T> wait_for(std::size_t count) {
        const auto deadline = patience();
        const base::lock_guard lock(mutex_);
        while (values_.size() < count && changed_.wait_until(mutex_, deadline)) {
        }
        EXPECT_GE(values_.size(), count) << "did not come in time";
        return values_;
    }
    std::vector<T> so_far() {
        const base::lock_guard lock(mutex_);
        return values_;
    }

  private:
    base::mutex mutex_;
    base::condition changed_;
    std::vector<T> values_ STOCKROOM_GUARDED_BY(mutex_);
};

}  // namespace stockroom::conformance
