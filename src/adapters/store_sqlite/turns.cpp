#include "turns.hpp"

#include <algorithm>

#include "stockroom/base/check.hpp"

namespace stockroom::store_sqlite {

bool Turns::begin(base::Deadline deadline) {
    base::lock_guard lock(mutex_);
    if (!taken_) {
        taken_ = true;
        return true;
    }
    Waiter waiter;
    waiting_.push_back(&waiter);
    while (!waiter.has_turn) {
        if (!waiter.called.wait_until(mutex_, deadline)) break;
    }
    // Handed over at the same moment as the deadline: the turn is ours all the same.
    if (waiter.has_turn) return true;
    waiting_.erase(std::ranges::find(waiting_, &waiter));
    return false;
}

void Turns::end() {
    base::lock_guard lock(mutex_);
    CHECK(taken_, "only who has the turn ends it");
    if (waiting_.empty()) {
        taken_ = false;
        return;
    }
    Waiter* const next = waiting_.front();
    waiting_.pop_front();
    next->has_turn = true;
    next->called.notify_one();
}

std::size_t Turns::waiting() {
    base::lock_guard lock(mutex_);
    return waiting_.size();
}

}  // namespace stockroom::store_sqlite
