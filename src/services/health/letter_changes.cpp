#include "letter_changes.hpp"

#include <chrono>
#include <string>

#include "stockroom/engine/facts.hpp"

namespace stockroom::health {

namespace {

using Result = std::expected<void, ports::Error>;

constexpr std::chrono::seconds kStoreWait{5};
constexpr int kConflictsMax = 20;

Result try_once(ports::Store& store, const domain::Keys& keys,
                std::span<const LetterChange> changes) {
    auto begun = store.begin({}, keys, base::in(kStoreWait));
    if (!begun) return std::unexpected(std::move(begun.error()));
    domain::Snapshot& snapshot = (*begun)->snapshot();
    engine::Facts facts(snapshot.now());
    bool is_changed = false;
    for (const LetterChange& one : changes) {
        const domain::Changes change = one.change(snapshot);
        if (change.empty()) continue;
        snapshot.apply(change);
        facts.add(change, base::Uuid{}, domain::kDeadLetterActor);
        is_changed = true;
    }
    if (!is_changed) return {};
    auto events = facts.take_events();
    for (auto& event : events)
        event.command.reset();  // no command has done it
    return (*begun)->commit(
        {.movements = facts.movements(), .outcomes = {}, .events = events, .dead = {}});
}

}  // namespace

Result change_letters(ports::Store& store, std::span<const LetterChange> changes) {
    domain::Keys keys;
    for (const LetterChange& one : changes)
        keys.dead_letters.push_back(one.letter);
    domain::normalize(keys);
    auto result = try_once(store, keys, changes);
    for (int i = 0; i < kConflictsMax; ++i) {
        if (result || result.error().kind != ports::ErrorKind::conflict) return result;
        result = try_once(store, keys, changes);
    }
    return result;
}

}  // namespace stockroom::health
