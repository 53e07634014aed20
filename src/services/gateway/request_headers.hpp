#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "stockroom/domain/state.hpp"

namespace stockroom::gateway {

inline constexpr std::chrono::seconds kMaxWait{30};

/// What of `Prefer` is followed.
struct Preference {
    std::optional<std::chrono::seconds> wait;  // 0 to kMaxWait
    bool respond_async = false;
};

/// Reads a `Prefer` header (RFC 7240). Preferences that are unknown or malformed are passed over,
/// as section 2 asks for; of two of the same name the first counts; a longer wait becomes kMaxWait.
[[nodiscard]] Preference parse_prefer(std::string_view header);

/// Reads an `If-Match` header (RFC 9110 section 13.1.1): empty for `*`, the version that a strong
/// entity tag names, or kNoVersion for a tag that can match nothing here (weak, or no number).
/// The error says what is malformed; a list of several tags is, too.
[[nodiscard]] std::expected<std::optional<domain::Version>, std::string> parse_if_match(
    std::string_view header);

/// The greatest version: no thing ever gets there.
inline constexpr domain::Version kNoVersion = domain::kMaxQuantity;

/// 1 to 255 visible ASCII characters.
[[nodiscard]] bool is_idempotency_key(std::string_view text);

/// Whether a Content-Type (RFC 9110 section 8.3) is this media type, whatever its parameters.
/// REQUIRES: media_type in lower case.
[[nodiscard]] bool is_media_type(std::string_view header, std::string_view media_type);

/// `"3"`
[[nodiscard]] std::string entity_tag(domain::Version version);

}  // namespace stockroom::gateway
