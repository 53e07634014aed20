#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stockroom::http {

enum class PlusSign { literal, space };

/// Percent-decodes (RFC 3986 section 2.1). Empty when an escape is cut or not hexadecimal, or the
/// result holds a NUL or is not UTF-8. `space` reads '+' as a space, as forms write queries.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, PlusSign plus);

/// Whether every '%' starts an escape of two hexadecimal digits other than "%00".
[[nodiscard]] bool has_sound_escapes(std::string_view text);

}  // namespace stockroom::http
