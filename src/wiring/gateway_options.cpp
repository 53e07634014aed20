#include "stockroom/wiring/gateway_options.hpp"

#include <cstdint>
#include <string>

#include "stockroom/runtime/file_limit.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::wiring {

namespace {

using telemetry::LogLevel;

/// Files that are open besides connections: the store's, the log, what the system itself needs.
constexpr std::size_t kOtherFiles = 64;

bool is_loopback(const std::string& host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

void fit_connections(http::Limits& limits) {
    const std::size_t files = runtime::raise_file_limit(limits.connections + kOtherFiles);
    if (files >= limits.connections + kOtherFiles) return;
    const std::size_t connections = files > 2 * kOtherFiles ? files - kOtherFiles : kOtherFiles;
    telemetry::log(LogLevel::warning, "fewer connections than asked for: raise `ulimit -n`",
                   {{"connections", static_cast<std::int64_t>(connections)},
                    {"files", static_cast<std::int64_t>(files)}});
    limits.connections = connections;
}

}  // namespace

void add_gateway_options(CLI::App& command, gateway::Options& options) {
    command
        .add_option_function<std::int64_t>(
            "--wait",
            [&options](std::int64_t seconds) { options.wait = std::chrono::seconds(seconds); },
            "How long a write waits for its outcome when it does not say itself")
        ->type_name("SECONDS")
        ->check(CLI::Range(1, 30))
        ->default_str(std::to_string(options.wait.count()));
    command
        .add_option("--connections", options.limits.connections,
                    "Connections at once; further ones are answered 503")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command.add_option("--body-bytes", options.limits.body_bytes, "The longest body of a request")
        ->type_name("BYTES")
        ->check(CLI::Range(1, 64 * 1024 * 1024))
        ->capture_default_str();
    command
        .add_option("--commands", options.commands_in_flight_max,
                    "Writes under way at once; further ones are answered 503")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command
        .add_option("--event-listeners", options.event_listeners_max,
                    "Clients that listen to events at once; further ones are answered 503")
        ->type_name("N")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    command.add_option("--readers", options.readers, "Threads that read the store")
        ->type_name("N")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    auto* const classic = command.add_flag("--classic", options.classic,
                                           "Serve the classic interface, too: routes and queues of "
                                           "programs that know of no Stockroom");
    command
        .add_option_function<std::vector<std::string>>(
            "--classic-from",
            [&options](const std::vector<std::string>& networks) {
                for (const auto& text : networks)
                    if (auto network = http::Network::parse(text))
                        options.classic_from.push_back(*network);
            },
            "Who may use its routes besides this machine; may be given several times")
        ->type_name("CIDR")
        ->delimiter(',')
        ->check([](const std::string& text) {
            const auto network = http::Network::parse(text);
            return network ? std::string() : network.error();
        })
        ->needs(classic);
}

void settle(gateway::Options& options) {
    if (!is_loopback(options.listen.host))
        telemetry::log(LogLevel::warning,
                       "there is no authentication: whoever reaches this address can do everything",
                       {{"listen", options.listen.to_string()}});
    fit_connections(options.limits);
}

}  // namespace stockroom::wiring
