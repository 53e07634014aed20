#pragma once

#include <string>
#include <string_view>

namespace stockroom::base {

/// Appends the text as a JSON string, quotes included (RFC 8259 section 7). REQUIRES: UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// Whether the text is well-formed UTF-8 (no overlong forms, no surrogates).
[[nodiscard]] bool is_utf8(std::string_view text);

/// How many code points a UTF-8 text has. REQUIRES: is_utf8(text).
[[nodiscard]] std::size_t count_code_points(std::string_view text);

}  // namespace stockroom::base
