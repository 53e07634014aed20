#include <optional>
#include <string>
#include <vector>

#include "stockroom/runtime/command_line.hpp"
#include "stockroom/runtime/lifecycle.hpp"
#include "stockroom/wiring/check.hpp"
#include "stockroom/wiring/gateway_options.hpp"
#include "stockroom/wiring/run.hpp"

#include "service.hpp"

namespace stockroom::wiring {

namespace {

constexpr About kGateway{
    .name = "gateway", .summary = "The HTTP API, for any number of clients.", .port = 8080};

struct GatewayFlags {
    ServiceFlags service;
    std::vector<std::string> health_urls{"http://127.0.0.1:8085"};
    std::string generator_url = "http://127.0.0.1:8086";
};

void add_peer_flags(CLI::App& app, GatewayFlags& flags) {
    app.add_option("--health-url", flags.health_urls,
                   "Where the health service listens; it is asked for /v1/health. Several by "
                   "several of these, or in one with commas between them: the next is asked when "
                   "one does not answer")
        ->type_name("URL")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->default_str(flags.health_urls.front());
    app.add_option("--generator-url", flags.generator_url,
                   "Where the order generator listens; it is asked for /v1/generator")
        ->type_name("URL")
        ->capture_default_str();
}

/// The error is for people.
std::expected<gateway::Peer, std::string> read_peer(std::string_view flag,
                                                    const std::vector<std::string>& urls) {
    std::vector<http_client::ServerUrl> servers;
    for (const std::string& url : urls) {
        auto server = http_client::ServerUrl::parse(url, flag);
        if (!server) return std::unexpected(std::move(server.error()));
        servers.push_back(*std::move(server));
    }
    return gateway::Peer(std::move(servers));
}

int serve(const GatewayFlags& given, gateway::Options& options, const Wrap& wrap) {
    const ServiceFlags& flags = given.service;
    auto settings = read_settings(flags);
    if (!settings) return refuse(kGateway, runtime::kExitUsage, settings.error());
    auto health = read_peer("--health-url", given.health_urls);
    if (!health) return refuse(kGateway, runtime::kExitUsage, health.error());
    options.health = *std::move(health);
    auto generator = read_peer("--generator-url", {given.generator_url});
    if (!generator) return refuse(kGateway, runtime::kExitUsage, generator.error());
    options.generator = *std::move(generator);

    runtime::Lifecycle lifecycle(kStopTime, runtime::kExitDone);
    telemetry::start_log(kGateway.name, flags.log_level);
    auto opened = Backends::open(kGateway.name, *settings, wrap);
    if (!opened) return refuse(kGateway, runtime::kExitUsage, opened.error());
    std::unique_ptr<Backends> backends = *std::move(opened);

    std::optional<StoreWatch> watch(std::in_place, ask_by_queries(*backends));
    options.listen = settings->listen;
    options.events = &backends->event_bus();
    if (options.classic) options.classic_bus = &backends->classic_bus();
    options.trouble = [&watch]() -> std::string {
        const std::string trouble = watch->trouble();
        return trouble.empty() ? "" : "store: " + trouble;
    };
    settle(options);
    std::optional<gateway::Gateway> gateway(
        std::in_place, backends->bus(), [&backends] { return backends->make_queries(); }, options,
        backends->metrics());
    const auto address = gateway->start();
    if (!address) return refuse_to_listen(kGateway, address.error());
    watch->start();
    announce(kGateway, *address, *settings);
    return lifecycle.run_until_stopped([&] {
        watch->request_stop();
        gateway.reset();
        watch.reset();
        backends.reset();
    });
}

}  // namespace

int run_gateway(int argc, char** argv, const Wrap& wrap) {
    CLI::App app(std::string(kGateway.summary), "stockroom-gateway");
    GatewayFlags flags;
    gateway::Options options;
    add_gateway_options(app, options);
    add_peer_flags(app, flags);
    add_service_flags(app, kGateway, flags.service);
    return run_program(app, argc, argv, [&] {
        if (!flags.service.check.empty()) return check(flags.service.listen, flags.service.check);
        return serve(flags, options, wrap);
    });
}

}  // namespace stockroom::wiring
