#include "stockroom/base/mutex.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace stockroom::base {
namespace {

class Flag {
  public:
    void raise() {
        const lock_guard lock(mutex_);
        raised_ = true;
        changed_.notify_all();
    }
    bool wait_until(Deadline deadline) {
        const lock_guard lock(mutex_);
        while (!raised_) {
            if (!changed_.wait_until(mutex_, deadline)) return raised_;
        }
        return true;
    }

  private:
    mutex mutex_;
    condition changed_;
    bool raised_ STOCKROOM_GUARDED_BY(mutex_) = false;
};

TEST(Condition, WakesWhoWaits) {
    Flag flag;
    const std::jthread other([&flag] { flag.raise(); });
    EXPECT_TRUE(flag.wait_until(in(std::chrono::seconds(10))));
}

TEST(Condition, GivesUpAtItsDeadline) {
    Flag flag;
    EXPECT_FALSE(flag.wait_until(in(std::chrono::milliseconds(1))));
}

}  // namespace
}  // namespace stockroom::base
