#pragma once

#include "stockroom/base/uuid.hpp"
#include "stockroom/domain/command.hpp"
#include "stockroom/domain/outcome.hpp"
#include "stockroom/http/message.hpp"

namespace stockroom::gateway {

/// A committed outcome as HTTP tells it: the new state with its ETag and, when it is new, its
/// Location; or the problem of the refusal with the present state.
[[nodiscard]] http::Response answer_to(domain::CommandKind kind, const base::Uuid& command,
                                       const domain::Outcome& outcome);

/// 202: the command is durable, and will be decided.
[[nodiscard]] http::Response accepted(const base::Uuid& command);

}  // namespace stockroom::gateway
