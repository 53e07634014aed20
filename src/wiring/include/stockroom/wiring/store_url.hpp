#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace stockroom::wiring {

inline constexpr std::string_view kDefaultStoreUrl = "sqlite:var/stockroom.db";

/// The URL as it may be printed and logged: "***" stands for each password in it.
[[nodiscard]] std::string redact(std::string_view url);
/// A message about the URL, which may cite it, or just the password, without it.
[[nodiscard]] std::string redact_in(std::string message, std::string_view url);

/// The path in "sqlite:PATH". The error is for people: what is wrong, and what to give instead.
[[nodiscard]] std::expected<std::string, std::string> sqlite_path(std::string_view store_url);

/// The URL itself, when it is postgres://… (or postgresql://…). The error is for people.
[[nodiscard]] std::expected<std::string, std::string> postgres_url(std::string_view store_url);

}  // namespace stockroom::wiring
