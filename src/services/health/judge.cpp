#include "judge.hpp"

namespace stockroom::health {

using domain::PartState;

std::optional<Judge::Verdict> Judge::note(const Finding& finding, base::Time at) {
    if (finding.state == state_) {
        doubts_ = 0;
        return std::nullopt;
    }
    if (doubts_++ == 0) first_doubt_ = at;
    if (!is_decided(finding)) return std::nullopt;
    const Verdict verdict{.was = state_, .finding = finding, .since = first_doubt_};
    state_ = finding.state;
    was_up_ = was_up_ || state_ == PartState::up;
    doubts_ = 0;
    return verdict;
}

bool Judge::is_decided(const Finding& finding) const {
    if (!was_up_ && finding.state == PartState::up) return true;
    return doubts_ >= (was_up_ || expects_trouble_ ? kDecisive : kDecisiveAtFirst);
}

}  // namespace stockroom::health
