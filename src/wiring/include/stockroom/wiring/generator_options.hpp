#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>

#include "stockroom/generator/generator.hpp"
#include "stockroom/http/server.hpp"

namespace stockroom::wiring {

/// What either shape's order generator can be told by flags. `prefix` goes before their names:
/// "generator-" where they stand beside others, or nothing.
void add_generator_options(CLI::App& command, std::string_view prefix, generator::Options& options);

/// Reads "2s", "1ms", "1m", from 1 ms to an hour. Empty for anything else.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_interval(std::string_view text);

/// Where a gateway of this process, bound to the address, can be reached from here.
[[nodiscard]] http_client::ServerUrl url_of(const http::Address& bound);

}  // namespace stockroom::wiring
