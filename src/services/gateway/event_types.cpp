#include "event_types.hpp"

#include <algorithm>
#include <array>

#include "stockroom/contract/names.hpp"

namespace stockroom::gateway {

namespace {

/// What events are about: how their types begin.
constexpr std::array<std::string_view, 8> kThings{"dead_letter.", "health.", "item.",   "level.",
                                                  "location.",    "order.",  "record.", "stock."};

}  // namespace

std::optional<EventTypes> EventTypes::parse(std::string_view text) {
    EventTypes types;
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        const std::string_view part = text.substr(0, comma);
        more = comma != std::string_view::npos;
        if (more) text.remove_prefix(comma + 1);
        if (part.size() > 2 && part.ends_with(".*")) {
            const std::string_view start = part.substr(0, part.size() - 1);
            if (std::ranges::find(kThings, start) == kThings.end()) return std::nullopt;
            types.things_.emplace_back(start);
        } else {
            if (!contract::parse_event_type(part)) return std::nullopt;
            types.types_.emplace_back(part);
        }
    }
    return types;
}

bool EventTypes::contains(std::string_view type) const {
    if (types_.empty() && things_.empty()) return true;
    return std::ranges::find(types_, type) != types_.end() ||
           std::ranges::any_of(
               things_, [type](const std::string& start) { return type.starts_with(start); });
}

}  // namespace stockroom::gateway
