#pragma once

#include <string>
#include <string_view>

#include "stockroom/base/uuid.hpp"
#include "stockroom/http/problem.hpp"
#include "stockroom/ports/error.hpp"

namespace stockroom::gateway {

// The problems of the gateway's own; those of refused commands are in contract/status.hpp.

[[nodiscard]] http::Problem malformed_json(std::string detail, std::string field);
[[nodiscard]] http::Problem invalid_header(std::string name, std::string detail);
[[nodiscard]] http::Problem invalid_field(std::string field, std::string detail);
[[nodiscard]] http::Problem unsupported_media_type(std::string_view wanted);
[[nodiscard]] http::Problem item_not_found();
[[nodiscard]] http::Problem order_not_found();
[[nodiscard]] http::Problem record_not_found();
[[nodiscard]] http::Problem command_not_found();
[[nodiscard]] http::Problem dead_letter_not_found();

/// The idempotency key's command is under way with another body.
[[nodiscard]] http::Problem idempotency_key_reused();
/// Nothing was enqueued: there is no room for more.
[[nodiscard]] http::Problem no_room();
/// Nothing was enqueued: the bus is away.
[[nodiscard]] http::Problem bus_unavailable();
/// The command may have been taken, or not.
[[nodiscard]] http::Problem outcome_unknown(const base::Uuid& command);
/// The command could not be decided and changed nothing.
[[nodiscard]] http::Problem dead_letter(const base::Uuid& command);

/// As many clients listen to events as may.
[[nodiscard]] http::Problem too_many_listeners();
/// More reads wait than may.
[[nodiscard]] http::Problem reads_overloaded();
/// A read that the store has not answered in time.
[[nodiscard]] http::Problem read_too_late();
/// A read that the store could not do; the error is logged here.
[[nodiscard]] http::Problem store_trouble(const ports::Error& error);
/// The order generator does not answer.
[[nodiscard]] http::Problem generator_unavailable(const std::string& why);
[[nodiscard]] http::Problem not_ready(std::string reason);

}  // namespace stockroom::gateway
