#include "stockroom/store_format/states.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace stockroom::store_format {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kOrderStates{
    "reserved"sv, "confirmed"sv, "partially_fulfilled"sv, "fulfilled"sv,
    "rejected"sv, "expired"sv,   "cancelled"sv,
};
static_assert(kOrderStates.size() == std::to_underlying(domain::OrderState::cancelled) + 1);

constexpr std::array kHoldStates{"pending"sv, "committed"sv, "expired"sv, "ended"sv};
static_assert(kHoldStates.size() == std::to_underlying(domain::HoldState::ended) + 1);

constexpr std::array kMovementKinds{
    "opening"sv, "receipt"sv, "adjustment"sv, "shipment"sv, "customer_return"sv, "retirement"sv,
};
static_assert(kMovementKinds.size() == std::to_underlying(domain::MovementKind::retirement) + 1);

constexpr std::array kDeadLetterStates{"waiting"sv, "replaying"sv, "replayed"sv, "discarded"sv};
static_assert(kDeadLetterStates.size() ==
              std::to_underlying(domain::DeadLetterState::discarded) + 1);

constexpr std::array kPartKinds{"service"sv, "queue"sv, "server"sv};
static_assert(kPartKinds.size() == std::to_underlying(domain::PartKind::server) + 1);

constexpr std::array kPartStates{"up"sv, "degraded"sv, "down"sv, "unknown"sv};
static_assert(kPartStates.size() == std::to_underlying(domain::PartState::unknown) + 1);

template <typename Enum, std::size_t size>
std::optional<Enum> parse(const std::array<std::string_view, size>& names, std::string_view text) {
    const auto found = std::ranges::find(names, text);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

template <typename Enum>
std::size_t index_of(Enum value) {
    return static_cast<std::size_t>(std::to_underlying(value));
}

}  // namespace

std::string_view to_text(domain::OrderState state) {
    return kOrderStates.at(index_of(state));
}
std::string_view to_text(domain::HoldState state) {
    return kHoldStates.at(index_of(state));
}
std::string_view to_text(domain::MovementKind kind) {
    return kMovementKinds.at(index_of(kind));
}
std::string_view to_text(domain::DeadLetterState state) {
    return kDeadLetterStates.at(index_of(state));
}
std::string_view to_text(domain::PartKind kind) {
    return kPartKinds.at(index_of(kind));
}
std::string_view to_text(domain::PartState state) {
    return kPartStates.at(index_of(state));
}

std::optional<domain::OrderState> parse_order_state(std::string_view text) {
    return parse<domain::OrderState>(kOrderStates, text);
}
std::optional<domain::HoldState> parse_hold_state(std::string_view text) {
    return parse<domain::HoldState>(kHoldStates, text);
}
std::optional<domain::MovementKind> parse_movement_kind(std::string_view text) {
    return parse<domain::MovementKind>(kMovementKinds, text);
}
std::optional<domain::DeadLetterState> parse_dead_letter_state(std::string_view text) {
    return parse<domain::DeadLetterState>(kDeadLetterStates, text);
}
std::optional<domain::PartKind> parse_part_kind(std::string_view text) {
    return parse<domain::PartKind>(kPartKinds, text);
}
std::optional<domain::PartState> parse_part_state(std::string_view text) {
    return parse<domain::PartState>(kPartStates, text);
}

}  // namespace stockroom::store_format
