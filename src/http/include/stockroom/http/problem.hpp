#pragma once

#include <string>
#include <string_view>

#include "stockroom/http/message.hpp"

namespace stockroom::http {

/// Problem details (RFC 9457). `type` is written as "/problems/TYPE", and is stable.
struct Problem {
    int status = 500;
    std::string type;      // "invalid_field"
    std::string title;     // the same for every problem of the type: "A field is invalid"
    std::string detail{};  // what happened here, and what to do
    std::string field{};   // "lines[3].quantity"; empty when no field is at fault
    /// More members as JSON text, without braces: `"order_id":"…"`. Empty for none.
    std::string extension{};
};

/// As application/problem+json. 429 and 503 get `Retry-After: 1` here.
[[nodiscard]] Response to_response(const Problem& problem);

}  // namespace stockroom::http
