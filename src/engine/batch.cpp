#include "batch.hpp"

#include <algorithm>
#include <utility>

#include "stockroom/contract/names.hpp"

namespace stockroom::engine {

Batch::Batch(const std::vector<ports::StoredOutcome>& stored, base::Time now, std::size_t tasks_max)
    : now_(now), facts_(now) {
    known_.reserve(stored.size() + tasks_max);
    for (const auto& outcome : stored)
        known_.emplace(outcome.command, &outcome);
    outcomes_.reserve(tasks_max);
    decided_.reserve(tasks_max);
    replies_.reserve(tasks_max);
}

bool Batch::answer_again(const Task& task) {
    const auto found = known_.find(task.read.id);
    if (found == known_.end()) return false;
    const auto& outcome = *found->second;
    ++repeated_;
    const bool same = outcome.kind == contract::to_string(task.read.kind) &&
                      outcome.fingerprint == task.read.fingerprint;
    if (same) {
        reply(task, outcome.bytes);
    } else {
        domain::Outcome reused;
        reused.code = domain::CommandRefusal::idempotency_key_reused;
        reply(task, contract::encode_outcome(task.read.id, task.read.kind, reused));
    }
    return true;
}

void Batch::record(const Task& task, const domain::Decision& decision) {
    if (task.read.command) facts_.add(decision.changes, task.read.id, task.read.command->actor);
    outcomes_.push_back(
        {.command = task.read.id,
         .kind = std::string(contract::to_string(task.read.kind)),
         .fingerprint = task.read.fingerprint,
         .bytes = contract::encode_outcome(task.read.id, task.read.kind, decision.outcome),
         .at = now_});
    known_.emplace(task.read.id, &outcomes_.back());
    decided_.push_back({task.read.kind, contract::to_string(decision.outcome.code)});
    reply(task, outcomes_.back().bytes);
}

void Batch::bury(const Task& task, std::string reason) {
    const auto earlier = std::ranges::find(dead_, task.read.id, &ports::DeadCommand::command);
    const auto place = static_cast<std::size_t>(earlier - dead_.begin());
    if (earlier == dead_.end())
        dead_.push_back({.command = task.read.id,
                         .kind = std::string(contract::to_string(task.read.kind)),
                         .queue = std::string(contract::queue_of(task.read.kind)),
                         .reason = std::move(reason),
                         .bytes = task.bytes(),
                         .at = now_});
    buried_.push_back({&task, place});
}

ports::Commit Batch::commit() {
    events_ = facts_.take_events();
    return {
        .movements = facts_.movements(), .outcomes = outcomes_, .events = events_, .dead = dead_};
}

std::vector<ports::Reply> Batch::take_replies() {
    return std::exchange(replies_, {});
}

void Batch::reply(const Task& task, std::string bytes) {
    const ports::Delivery& delivery = *task.delivery;
    if (delivery.reply_to.empty()) return;
    replies_.push_back({delivery.reply_to, std::move(bytes), delivery.correlation_id});
}

}  // namespace stockroom::engine
