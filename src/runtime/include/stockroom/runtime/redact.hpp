#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace stockroom::runtime {

/// A URL, or what was meant for one, as it may be printed and logged: "***" stands for each
/// password in it, "user:***@host", also where "//" is missing or the password holds what a URL
/// must not.
[[nodiscard]] std::string redact(std::string_view url);

/// A message about the URL, which may cite it, or just the password, without it.
[[nodiscard]] std::string redact_in(std::string message, std::string_view url);

/// Any text that people are shown, with each word in it redacted as a URL would be.
[[nodiscard]] std::string redact_words(std::string_view text);

/// The error, for people, when a URL's password holds what would make it another URL: a bare "@",
/// "/", "?", "#" or blank. It shows no password.
[[nodiscard]] std::expected<void, std::string> require_encoded_password(std::string_view url);

}  // namespace stockroom::runtime
