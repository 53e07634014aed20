#include <optional>

#include "stockroom/runtime/command_line.hpp"
#include "stockroom/runtime/lifecycle.hpp"
#include "stockroom/wiring/gateway_options.hpp"
#include "stockroom/wiring/run.hpp"

#include "check.hpp"
#include "service.hpp"

namespace stockroom::wiring {

namespace {

constexpr About kGateway{
    .name = "gateway", .summary = "The HTTP API, for any number of clients.", .port = 8080};

int serve(const ServiceFlags& flags, gateway::Options& options, const Wrap& wrap) {
    auto settings = read_settings(flags);
    if (!settings) return refuse(kGateway, runtime::kExitUsage, settings.error());

    runtime::Lifecycle lifecycle(kStopTime, runtime::kExitDone);
    telemetry::start_log(kGateway.name, flags.log_level);
    auto opened = Backends::open(kGateway.name, *settings, wrap);
    if (!opened) return refuse(kGateway, runtime::kExitUsage, opened.error());
    std::unique_ptr<Backends> backends = *std::move(opened);

    std::optional<StoreWatch> watch(std::in_place, ask_by_queries(*backends));
    options.listen = settings->listen;
    options.events = &backends->event_bus();
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
    ServiceFlags flags;
    gateway::Options options;
    add_gateway_options(app, options);
    add_service_flags(app, kGateway, flags);
    return run_program(app, argc, argv, [&] {
        if (!flags.check.empty()) return check(flags);
        return serve(flags, options, wrap);
    });
}

}  // namespace stockroom::wiring
