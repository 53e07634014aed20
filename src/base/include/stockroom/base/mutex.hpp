#pragma once

#include <condition_variable>
#include <mutex>

#include "stockroom/base/time.hpp"

namespace stockroom::base {

/// std::mutex and its companions with the annotations that -Wthread-safety reads
/// (clang.llvm.org, "Thread Safety Analysis"). Use these, and STOCKROOM_GUARDED_BY on what they
/// guard; the standard's own are invisible to the analysis.

#define STOCKROOM_GUARDED_BY(x) __attribute__((guarded_by(x)))
#define STOCKROOM_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define STOCKROOM_EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))

class __attribute__((capability("mutex"))) mutex {
  public:
    void lock() __attribute__((acquire_capability())) { mutex_.lock(); }
    void unlock() __attribute__((release_capability())) { mutex_.unlock(); }

  private:
    friend class condition;
    std::mutex mutex_;
};

class __attribute__((scoped_lockable)) lock_guard {
  public:
    explicit lock_guard(mutex& guarded) __attribute__((acquire_capability(guarded)))
        : guarded_(guarded) {
        guarded_.lock();
    }
    ~lock_guard() __attribute__((release_capability())) { guarded_.unlock(); }
    lock_guard(const lock_guard&) = delete;
    lock_guard& operator=(const lock_guard&) = delete;

  private:
    mutex& guarded_;
};

/// Waits are written as loops around the condition that is waited for, under the lock:
///     while (!ready_) { if (!changed_.wait_until(mutex_, deadline)) return …; }
class condition {
  public:
    /// Returns whether it was woken before the deadline.
    bool wait_until(mutex& held, Deadline deadline) STOCKROOM_REQUIRES(held) {
        std::unique_lock<std::mutex> lock(held.mutex_, std::adopt_lock);
        const auto status = changed_.wait_until(lock, deadline);
        lock.release();
        return status == std::cv_status::no_timeout;
    }
    void wait(mutex& held) STOCKROOM_REQUIRES(held) {
        std::unique_lock<std::mutex> lock(held.mutex_, std::adopt_lock);
        changed_.wait(lock);
        lock.release();
    }
    void notify_one() { changed_.notify_one(); }
    void notify_all() { changed_.notify_all(); }

  private:
    std::condition_variable changed_;
};

}  // namespace stockroom::base
