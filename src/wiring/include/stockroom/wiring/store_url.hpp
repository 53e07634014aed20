#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace stockroom::wiring {

inline constexpr std::string_view kDefaultStoreUrl = "sqlite:var/stockroom.db";

/// The URL itself, or the first line of the file: --store-url or --store-url-file, where `flag` is
/// "store-url". The error is for people.
[[nodiscard]] std::expected<std::string, std::string> read_url(std::string_view flag,
                                                               const std::string& url,
                                                               const std::string& file);

/// The path in "sqlite:PATH". The error is for people: what is wrong, and what to give instead.
[[nodiscard]] std::expected<std::string, std::string> sqlite_path(std::string_view store_url);

/// The URL itself, when it is postgres://… (or postgresql://…) with a password that is encoded as
/// it must be. The error is for people, and shows no password.
[[nodiscard]] std::expected<std::string, std::string> postgres_url(std::string_view store_url);

}  // namespace stockroom::wiring
