#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "stockroom/ports/error.hpp"

namespace stockroom::wiring {

inline constexpr std::string_view kDefaultStoreUrl = "sqlite:var/stockroom.db";

/// The URL as it may be printed and logged: "***" stands for each password in it.
[[nodiscard]] std::string redact(std::string_view url);

// The errors of the following are for people: what is wrong, and what to give instead.

/// The path in "sqlite:PATH".
[[nodiscard]] std::expected<std::string, std::string> sqlite_path(std::string_view store_url);

/// The URL itself, when it is postgres://… (or postgresql://…).
[[nodiscard]] std::expected<std::string, std::string> postgres_url(std::string_view store_url);

/// As store_postgres::migrate. Gives the versions before and after; 0 before: there was none.
[[nodiscard]] std::expected<std::pair<int, int>, ports::Error> migrate(
    const std::string& postgres_url);

}  // namespace stockroom::wiring
