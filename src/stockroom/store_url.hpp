#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace stockroom {

inline constexpr std::string_view kDefaultStoreUrl = "sqlite:var/stockroom.db";

/// The path in "sqlite:PATH". The error is for people: what is wrong, and what to give instead.
[[nodiscard]] std::expected<std::string, std::string> sqlite_path(std::string_view store_url);

}  // namespace stockroom
