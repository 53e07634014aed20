#pragma once

#include <optional>
#include <string>

#include "stockroom/base/time.hpp"
#include "stockroom/domain/health.hpp"

namespace stockroom::health {

/// What asking a part once has shown.
struct Finding {
    domain::PartState state = domain::PartState::up;
    std::string cause{};  // for people; empty when it is up
};

/// Decides the state of one part from what asking it shows: three findings in a row that are not as
/// it is. Until it was up once it takes fifteen, since the parts of a system do not start all at
/// once, unless it is known to have been in trouble; but the first that shows it up decides.
class Judge {
  public:
    static constexpr int kDecisive = 3;
    static constexpr int kDecisiveAtFirst = 15;

    struct Verdict {
        domain::PartState was = domain::PartState::unknown;
        Finding finding;   // the state it is in now
        base::Time since;  // when it was found so first
    };
    /// The new state, when this finding decides one.
    [[nodiscard]] std::optional<Verdict> note(const Finding& finding, base::Time at);

    /// It was in trouble when it was last looked at, by whoever did.
    void expect_trouble() { expects_trouble_ = true; }

    [[nodiscard]] domain::PartState state() const { return state_; }
    /// Whether it should be asked more often: it is not up, or it may not be.
    [[nodiscard]] bool is_in_doubt() const {
        return doubts_ > 0 || state_ != domain::PartState::up;
    }

  private:
    [[nodiscard]] bool is_decided(const Finding& finding) const;

    domain::PartState state_ = domain::PartState::unknown;
    bool was_up_ = false;
    bool expects_trouble_ = false;
    int doubts_ = 0;  // findings in a row that are not as state_
    base::Time first_doubt_;
};

}  // namespace stockroom::health
