#include "stockroom/engine/facts.hpp"

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"

namespace stockroom::engine {

namespace {

ports::EventRecord record_of(const domain::Event& event) {
    return {.type = std::string(contract::to_string(event.type)),
            .key = contract::event_key(event),
            .version = contract::event_version(event),
            .command = event.command,
            .actor = event.actor,
            .at = event.at,
            .data = contract::encode_event_data(event)};
}

}  // namespace

void Facts::add(const domain::Changes& changes, const base::Uuid& command,
                const std::string& actor) {
    movements_.insert(movements_.end(), changes.movements.begin(), changes.movements.end());
    for (const auto& event : changes.events)
        events_.push_back(record_of(event));
    for (const auto& level : changes.levels)
        levels_.insert_or_assign({level.sku, level.location}, LevelChange{level, command, actor});
}

std::vector<ports::EventRecord> Facts::take_events() {
    auto all = std::exchange(events_, {});
    all.reserve(all.size() + levels_.size());
    for (const auto& [key, change] : levels_)
        all.push_back(record_of({.type = domain::EventType::level_changed,
                                 .state = change.level,
                                 .command = change.command,
                                 .actor = change.actor,
                                 .at = now_}));
    return all;
}

}  // namespace stockroom::engine
