#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "stockroom/http_client/url.hpp"

namespace stockroom {

inline constexpr std::string_view kDefaultUrl = "http://127.0.0.1:8080";

/// How long a client goes on asking a server that went away, or has no room.
inline constexpr std::chrono::seconds kDefaultPatience{10};

/// What every command has that talks to a running gateway.
struct ClientOptions {
    std::string url{kDefaultUrl};
    std::int64_t patience_seconds = kDefaultPatience.count();
    bool json = false;

    [[nodiscard]] std::chrono::seconds patience() const {
        return std::chrono::seconds(patience_seconds);
    }
};

/// Adds --url, --patience and --json. REQUIRES: options outlive the command.
void add_client_options(CLI::App& command, ClientOptions& options);

}  // namespace stockroom
