#pragma once

#include <expected>
#include <string_view>

#include "stockroom/domain/command.hpp"
#include "stockroom/http/message.hpp"
#include "stockroom/http/problem.hpp"

#include "request_headers.hpp"

namespace stockroom::gateway {

/// Who asks, until there are identities.
inline constexpr std::string_view kAnonymous = "anonymous";

/// A write as the client wants it.
struct Wish {
    domain::Command command;
    bool keyed = false;  // the id comes from an Idempotency-Key: the same command may come again
    Preference preference;
};

/// Reads a write: its media type, body, path and headers. The path's {sku} and {id} become the
/// body's `sku` and `order` (of a dead letter, `id`), If-Match becomes `expected_version`. The
/// problem names what is wrong; then nothing was enqueued.
[[nodiscard]] std::expected<Wish, http::Problem> read_wish(domain::CommandKind kind,
                                                           const http::Request& request);

/// As read_wish, for a write whose body was read already: from its headers `Idempotency-Key` and
/// `Prefer`.
[[nodiscard]] std::expected<Wish, http::Problem> make_wish(domain::CommandBody body,
                                                           const http::Request& request);

}  // namespace stockroom::gateway
