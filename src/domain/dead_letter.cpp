#include "stockroom/domain/dead_letter.hpp"

#include <string>

#include "rules.hpp"

namespace stockroom::domain {

namespace {

using enum DeadLetterState;

EventType event_of(DeadLetterState state) {
    switch (state) {
        case waiting:
            return EventType::dead_letter_waiting;
        case replaying:
            return EventType::dead_letter_replaying;
        case replayed:
            return EventType::dead_letter_replayed;
        case discarded:
            return EventType::dead_letter_discarded;
    }
    return EventType::dead_letter_waiting;
}

void change(Draft& draft, DeadLetter letter, DeadLetterState to) {
    letter.state = to;
    ++letter.version;
    draft.set(letter);
    letter.bytes.clear();
    draft.record(event_of(to), std::move(letter));
}

DeadLetter with_decision(const DeadLetter& known, const Draft& draft, const std::string& reason) {
    DeadLetter letter = known;
    letter.decision = {.actor = draft.actor(), .reason = reason, .at = draft.now()};
    return letter;
}

/// Whether the letter that comes is the one that is waiting here.
bool is_kept(const DeadLetter& known, const DeadLetterArrival& arrival) {
    return known.state == waiting && arrival.again && !arrival.message.empty() &&
           known.message == arrival.message;
}

/// What is done to a letter when no command asks for it.
template <typename Change>
Changes draft_of(const Snapshot& snapshot, const Change& change_letter) {
    static const Uuid no_command;
    static const std::string actor = kDeadLetterActor;
    Draft draft(snapshot, no_command, actor);
    change_letter(draft);
    return draft.finish();
}

/// Null when that replay is over.
const DeadLetter* find_replay(const Snapshot& snapshot, const Uuid& id, Version version) {
    const DeadLetter* letter = snapshot.find_dead_letter(id);
    const bool is_replay =
        letter != nullptr && letter->state == replaying && letter->version == version;
    return is_replay ? letter : nullptr;
}

}  // namespace

bool is_dead(const DeadLetter& letter) {
    return letter.state == waiting || letter.state == discarded;
}

Outcome decide(Draft& draft, const ReplayDeadLetter& wish) {
    using Code = ReplayDeadLetterOutcome;
    const DeadLetter* known = draft.snapshot().find_dead_letter(wish.letter);
    if (known == nullptr) return outcome(Code::dead_letter_not_found);
    if (known->state != waiting) return outcome(Code::wrong_state, *known);
    if (known->queue.empty()) return outcome(Code::queue_unknown, *known);
    change(draft, with_decision(*known, draft, wish.reason), replaying);
    return outcome(Code::replaying, draft.last_dead_letter());
}

Outcome decide(Draft& draft, const DiscardDeadLetter& wish) {
    using Code = DiscardDeadLetterOutcome;
    const DeadLetter* known = draft.snapshot().find_dead_letter(wish.letter);
    if (known == nullptr) return outcome(Code::dead_letter_not_found);
    if (known->state != waiting) return outcome(Code::wrong_state, *known);
    change(draft, with_decision(*known, draft, wish.reason), discarded);
    return outcome(Code::discarded, draft.last_dead_letter());
}

Changes keep_dead_letter(const Snapshot& snapshot, const DeadLetterArrival& arrival) {
    const DeadLetter* known = snapshot.find_dead_letter(arrival.id);
    if (known != nullptr && is_kept(*known, arrival)) return {};
    return draft_of(snapshot, [&](Draft& draft) {
        DeadLetter letter{.id = arrival.id, .first_at = draft.now(), .version = 0};
        if (known != nullptr) {
            letter = *known;
            // The service that wrote it down has counted it.
            if (known->state != waiting || !known->message.empty()) ++letter.count;
        }
        if (!arrival.queue.empty()) letter.queue = arrival.queue;
        if (!arrival.kind.empty()) letter.kind = arrival.kind;
        letter.reason = arrival.reason;
        letter.redeliveries = arrival.redeliveries;
        letter.size = static_cast<std::int64_t>(arrival.bytes.size());
        letter.last_at = draft.now();
        letter.message = arrival.message.empty() ? kUnknownMessage : arrival.message;
        letter.bytes = arrival.bytes;
        change(draft, std::move(letter), waiting);
    });
}

Changes end_replay(const Snapshot& snapshot, const Uuid& letter, Version version) {
    const DeadLetter* known = find_replay(snapshot, letter, version);
    if (known == nullptr) return {};
    return draft_of(snapshot, [&](Draft& draft) { change(draft, *known, replayed); });
}

Changes give_up_replay(const Snapshot& snapshot, const Uuid& letter, Version version,
                       const std::string& reason) {
    const DeadLetter* known = find_replay(snapshot, letter, version);
    if (known == nullptr) return {};
    return draft_of(snapshot, [&](Draft& draft) {
        DeadLetter back = *known;
        back.reason = reason;
        change(draft, std::move(back), waiting);
    });
}

}  // namespace stockroom::domain
