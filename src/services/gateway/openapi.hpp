#pragma once

#include <string_view>

namespace stockroom::gateway {

/// api/openapi.yaml as JSON; made while building, by embed_openapi.py.
[[nodiscard]] std::string_view openapi_json();

}  // namespace stockroom::gateway
