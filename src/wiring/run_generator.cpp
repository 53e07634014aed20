#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "stockroom/generator/generator.hpp"
#include "stockroom/generator/routes.hpp"
#include "stockroom/runtime/command_line.hpp"
#include "stockroom/runtime/lifecycle.hpp"
#include "stockroom/wiring/check.hpp"
#include "stockroom/wiring/generator_options.hpp"
#include "stockroom/wiring/run.hpp"

#include "admin_server.hpp"
#include "service.hpp"

namespace stockroom::wiring {

namespace {

constexpr About kGenerator{.name = "generator",
                           .summary = "Makes orders at a steady pace, as a client does.",
                           .port = 8086};

constexpr std::string_view kFooter =
    "It is stopped at first. At its port GET / starts it and GET /stop_order stops it; so do the\n"
    "gateway's POST /v1/generator/start and /stop. Standard output gets one line,\n"
    "`stockroom-generator is listening on URL`; the log goes to standard error, one JSON object a "
    "line.";

struct GeneratorFlags {
    std::string listen;
    std::string gateway_url = "http://127.0.0.1:8080";
    telemetry::LogLevel log_level = telemetry::LogLevel::info;
    std::string check;
    generator::Options options;
};

void add_flags(CLI::App& app, GeneratorFlags& flags) {
    add_listen_flag(app, kGenerator, flags.listen);
    app.add_option("--gateway-url", flags.gateway_url, "The gateway that the orders go to")
        ->type_name("URL")
        ->capture_default_str();
    add_generator_options(app, "", flags.options);
    runtime::add_log_level(app, flags.log_level);
    runtime::bind_environment(app);
    add_check(app, flags.check);
    app.footer(std::string(kFooter));
}

int serve(const GeneratorFlags& flags) {
    const auto listen = read_listen(flags.listen);
    if (!listen) return refuse(kGenerator, runtime::kExitUsage, listen.error());
    auto gateway = http_client::ServerUrl::parse(flags.gateway_url, "--gateway-url");
    if (!gateway) return refuse(kGenerator, runtime::kExitUsage, gateway.error());

    runtime::Lifecycle lifecycle(kStopTime, runtime::kExitDone);
    telemetry::start_log(kGenerator.name, flags.log_level);
    telemetry::Metrics metrics;
    generator::Generator generator(flags.options, metrics);
    std::optional<AdminServer> admin(
        std::in_place, kGenerator.name,
        std::vector<Part>{{.name = "gateway", .trouble = [&] { return generator.trouble(); }}},
        metrics,
        OwnRoutes{.add = [&](http::Router& router) { generator::add_routes(router, generator); },
                  .index = generator::start_by_get(generator),
                  .metrics_as_json = generator::metrics_as_json(generator)});
    const std::string gateway_url = gateway->to_string();
    generator.launch(*std::move(gateway));
    const auto address = admin->start(*listen);
    if (!address) return refuse_to_listen(kGenerator, address.error());

    const std::string url = "http://" + address->to_string();
    telemetry::log(telemetry::LogLevel::info, "serving",
                   {{"version", runtime::version()}, {"url", url}, {"gateway", gateway_url}});
    std::cout << "stockroom-generator is listening on " << url << '\n' << std::flush;
    return lifecycle.run_until_stopped([&] {
        admin.reset();
        generator.shut_down();
    });
}

}  // namespace

int run_generator(int argc, char** argv) {
    CLI::App app(std::string(kGenerator.summary), "stockroom-generator");
    GeneratorFlags flags;
    add_flags(app, flags);
    return run_program(app, argc, argv, [&] {
        if (!flags.check.empty()) return check(flags.listen, flags.check);
        return serve(flags);
    });
}

}  // namespace stockroom::wiring
