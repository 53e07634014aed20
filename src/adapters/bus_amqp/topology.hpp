#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stockroom/ports/bus.hpp"

#include "connection.hpp"

namespace stockroom::bus_amqp {

inline constexpr std::string_view kCommandsExchange = "stockroom.commands";
inline constexpr std::string_view kEventsExchange = "stockroom.events";
inline constexpr std::string_view kDeadExchange = "stockroom.dead";
using ports::kDeadQueue;

/// Routes to each classic queue by its name, as the default exchange does too.
inline constexpr std::string_view kClassicExchange = "stockroom.classic";

/// A message that was given out so often more than once, and is given back again, becomes a dead
/// letter. It ends a service's process each time, or each of its neighbours was unlucky so often.
inline constexpr std::uint32_t kDeliveryLimit = 20;

/// Whether it is one of those that kCommandsExchange routes to.
[[nodiscard]] bool is_command_queue(std::string_view queue);

/// Declares every exchange and queue of DESIGN section 6, whatever is there already.
/// Errors: also when a queue is there with other arguments, as of another `queue_max`.
[[nodiscard]] Expected<void> declare_topology(Connection& connection, std::size_t queue_max);

/// Declares a classic queue as the programs do that know of no Stockroom, so that it does not
/// matter who comes first. Errors: also when it is there with other arguments.
[[nodiscard]] Expected<void> declare_classic_queue(Connection& connection, std::string_view queue);

}  // namespace stockroom::bus_amqp
