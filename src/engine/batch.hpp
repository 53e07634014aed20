#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stockroom/domain/decide.hpp"
#include "stockroom/engine/facts.hpp"

#include "task.hpp"

namespace stockroom::engine {

/// What becomes of a batch's commands, collected while they are decided, for one commit.
class Batch {
  public:
    /// REQUIRES: `stored` outlives this; at most `tasks_max` tasks are told of.
    Batch(const std::vector<ports::StoredOutcome>& stored, base::Time now, std::size_t tasks_max);

    /// Whether the task's command has its outcome, from before or from earlier in this batch; it is
    /// then answered with it or, when it was another command's, refused.
    [[nodiscard]] bool answer_again(const Task& task);
    void record(const Task& task, const domain::Decision& decision);
    /// It will have no outcome.
    void bury(const Task& task, std::string reason);

    /// Whether there is anything to set down.
    [[nodiscard]] bool has_news() const { return !outcomes_.empty() || !dead_.empty(); }
    /// Refers to this. Call once.
    [[nodiscard]] ports::Commit commit();

    // For when it is committed.
    [[nodiscard]] std::vector<ports::Reply> take_replies();
    struct Buried {
        const Task* task;
        std::size_t dead;  // its place in dead()
    };
    [[nodiscard]] const std::vector<Buried>& buried() const { return buried_; }
    [[nodiscard]] const std::vector<ports::DeadCommand>& dead() const { return dead_; }
    struct Counted {
        domain::CommandKind kind;
        std::string_view outcome;
    };
    [[nodiscard]] const std::vector<Counted>& decided() const { return decided_; }
    [[nodiscard]] std::size_t repeated() const { return repeated_; }

  private:
    void reply(const Task& task, std::string bytes);

    base::Time now_;
    Facts facts_;
    std::unordered_map<base::Uuid, const ports::StoredOutcome*> known_;
    std::vector<ports::StoredOutcome> outcomes_;  // never grows past what it reserved: known_
    std::vector<ports::EventRecord> events_;
    std::vector<ports::DeadCommand> dead_;
    std::vector<Buried> buried_;
    std::vector<ports::Reply> replies_;
    std::vector<Counted> decided_;
    std::size_t repeated_ = 0;
};

}  // namespace stockroom::engine
