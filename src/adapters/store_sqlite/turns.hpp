#pragma once

#include <cstddef>
#include <deque>

#include "stockroom/base/mutex.hpp"
#include "stockroom/base/time.hpp"

namespace stockroom::store_sqlite {

/// Who of the writers in this process may write: one at a time, in the order in which they asked.
/// Thread-safe. A turn may end on another thread than it began on.
class Turns {
  public:
    /// Waits for the turn. False when the deadline has passed first.
    [[nodiscard]] bool begin(base::Deadline deadline) STOCKROOM_EXCLUDES(mutex_);
    void end() STOCKROOM_EXCLUDES(mutex_);
    /// How many wait at this moment.
    [[nodiscard]] std::size_t waiting() STOCKROOM_EXCLUDES(mutex_);

  private:
    struct Waiter {
        base::condition called;
        bool has_turn = false;
    };

    base::mutex mutex_;
    bool taken_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::deque<Waiter*> waiting_ STOCKROOM_GUARDED_BY(mutex_);  // each on its own thread's stack
};

}  // namespace stockroom::store_sqlite
