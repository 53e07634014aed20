#pragma once

#include <optional>
#include <string>

#include "stockroom/http/message.hpp"

namespace stockroom::gateway {

/// The fields of a form (application/x-www-form-urlencoded, or multipart/form-data as in RFC 7578)
/// as a JSON object of texts, for readers of JSON; any other body as it is. An object stays one
/// also where a client calls it a form, as curl does by itself. A name that stands twice does so in
/// the object.
/// Empty when the form is malformed, or its fields are not UTF-8.
[[nodiscard]] std::optional<std::string> body_as_json(const http::Request& request);

}  // namespace stockroom::gateway
