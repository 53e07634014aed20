#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "stockroom/http/server.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::wiring {

/// A service, as its command line tells of it.
struct About {
    std::string_view name;     // "orders"; its program is stockroom-orders
    std::string_view summary;  // for --help
    std::uint16_t port;        // where it listens unless told otherwise
    bool has_classic = false;  // it owns classic queues
};

/// The flags that every service has.
struct ServiceFlags {
    std::string listen;
    std::string store_url;
    std::string store_url_file;
    std::string bus_url;
    std::string bus_url_file;
    std::string bus_ca_file;
    telemetry::LogLevel log_level = telemetry::LogLevel::info;
    bool classic = false;
    std::string check;  // "livez" or "readyz": only ask the service that runs, and exit
};

void add_listen_flag(CLI::App& command, const About& about, std::string& listen);
/// Adds them, and lets every option that the command has then be given by the environment, too.
void add_service_flags(CLI::App& command, const About& about, ServiceFlags& flags);

/// What the flags say.
struct Settings {
    http::Address listen;
    std::string store_url;
    std::string bus_url;
    std::string bus_ca_file;
    bool classic = false;  // the service's classic queues are open
};

/// The error is for people. REQUIRES: flags.check is empty.
[[nodiscard]] std::expected<Settings, std::string> read_settings(const ServiceFlags& flags);

[[nodiscard]] std::expected<http::Address, std::string> read_listen(const std::string& listen);

}  // namespace stockroom::wiring
