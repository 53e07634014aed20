#include "refusals.hpp"

namespace stockroom::relay {

bool Refusals::counts(bool is_refused, base::Deadline now) {
    if (!is_refused) {
        if (waits_) spent_ += now - waits_since_;
        waits_ = false;
        return true;
    }
    if (now - last_ >= limits_.memory) forget();
    last_ = now;
    if (!waits_) waits_since_ = now;
    waits_ = true;
    if (spent_ + (now - waits_since_) < limits_.patience) return false;
    spent_ = limits_.patience;
    waits_ = false;
    return true;
}

void Refusals::forget() {
    spent_ = base::Deadline::duration::zero();
    waits_ = false;
}

void SurePosition::published(std::int64_t position, bool is_refused, base::Deadline now) {
    if (is_refused) refused_at_ = now;
    // What was refused is settled by now, and all since then was taken.
    if (!is_refused && refused_at_ && now - *refused_at_ >= settling_) {
        begin_at(position);
        return;
    }
    if (sure_ != last_ && now - next_since_ >= settling_) {
        sure_ = next_;
        next_ = last_;
        next_since_ = now;
    }
    if (sure_ == last_) {
        next_ = position;
        next_since_ = now;
        if (!is_refused) sure_ = position;
    }
    last_ = position;
}

}  // namespace stockroom::relay
