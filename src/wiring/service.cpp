#include "service.hpp"

#include <cstdio>
#include <iostream>
#include <optional>

#include "stockroom/base/check.hpp"
#include "stockroom/runtime/command_line.hpp"
#include "stockroom/runtime/lifecycle.hpp"
#include "stockroom/runtime/redact.hpp"
#include "stockroom/telemetry/log.hpp"
#include "stockroom/wiring/check.hpp"

#include "admin_server.hpp"

namespace stockroom::wiring {

namespace {

/// A service that runs, with what it stands on. What others need comes first.
struct Running {
    explicit Running(std::unique_ptr<Backends> opened) : backends(std::move(opened)) {}

    [[nodiscard]] std::vector<Part> parts() {
        return {{.name = "bus", .trouble = [this] { return backends->bus().trouble(); }},
                {.name = "store", .trouble = [this] { return watch->trouble(); }},
                {.name = "worker", .trouble = [this] { return service->trouble(); }}};
    }

    /// The watch ends beside the service: a store that does not answer holds up both.
    void stop() {
        watch->request_stop();
        service->stop();
        admin.reset();
        watch.reset();
        service.reset();
        backends.reset();
    }

    std::unique_ptr<Backends> backends;
    std::unique_ptr<Service> service;
    std::optional<StoreWatch> watch;
    std::optional<AdminServer> admin;
};

int serve(const About& about, const ServiceFlags& flags, const Wrap& wrap, const MakeService& make,
          const MakeAsk& make_ask, const OwnFlags& own) {
    const auto settings = read_settings(flags);
    if (!settings) return refuse(about, runtime::kExitUsage, settings.error());
    if (const auto read = own.read(*settings); !read)
        return refuse(about, runtime::kExitUsage, read.error());

    runtime::Lifecycle lifecycle(kStopTime, runtime::kExitDone);
    telemetry::start_log(about.name, flags.log_level);
    auto backends = Backends::open(about.name, *settings, wrap);
    if (!backends) return refuse(about, runtime::kExitUsage, backends.error());

    Running running(*std::move(backends));
    running.service = make(*running.backends,
                           [&lifecycle](const std::string& reason) { lifecycle.fail(reason); });
    running.watch.emplace(make_ask(*running.backends));
    running.admin.emplace(about.name, running.parts(), running.backends->metrics(),
                          OwnRoutes{.add = [&running](http::Router& router) {
                              running.service->add_routes(router);
                          }});
    const auto address = running.admin->start(settings->listen);
    if (!address) return refuse_to_listen(about, address.error());

    running.watch->start();
    running.service->start();
    announce(about, *address, *settings);
    return lifecycle.run_until_stopped([&running] { running.stop(); });
}

}  // namespace

int refuse(const About& about, int exit_code, const std::string& why) {
    return runtime::refuse("stockroom-" + std::string(about.name), exit_code, why);
}

int refuse_to_listen(const About& about, const std::string& why) {
    return refuse(about, runtime::kExitFailed,
                  why + ". Choose another with --listen; port 0 takes a free one");
}

void announce(const About& about, const http::Address& address, const Settings& settings) {
    const std::string url = "http://" + address.to_string();
    telemetry::log(telemetry::LogLevel::info, "serving",
                   {{"version", runtime::version()},
                    {"url", url},
                    {"store", runtime::redact(settings.store_url)},
                    {"bus", runtime::redact(settings.bus_url)}});
    std::cout << "stockroom-" << about.name << " is listening on " << url << '\n' << std::flush;
}

ingress::Ingress::Ways classic_ways(Backends& with) {
    return {.bus = with.bus(), .classic = with.classic_bus(), .metrics = with.metrics()};
}

StoreWatch::Ask ask_by_queries(Backends& with) {
    return [queries = std::shared_ptr(with.make_queries())]() -> std::expected<void, ports::Error> {
        auto page = queries->locations({.cursor = "", .limit = 1});
        if (page) return {};
        auto* error = std::get_if<ports::Error>(&page.error());
        CHECK(error != nullptr, "the first page has no cursor that could be bad");
        return std::unexpected(std::move(*error));
    };
}

int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& run) {
    try {
        int exit_code = runtime::kExitDone;
        app.set_version_flag("--version", app.get_name() + " " + std::string(runtime::version()));
        app.callback([&] { exit_code = run(); });
        return runtime::run_command_line(app, argc, argv, exit_code);
    } catch (...) {
        static_cast<void>(std::fputs("stockroom: cannot start: no memory, or a bug\n", stderr));
        return runtime::kExitFailed;
    }
}

int run_service(const About& about, int argc, char** argv, const Wrap& wrap,
                const MakeService& make, const MakeAsk& make_ask, const OwnFlags& own) {
    CLI::App app(std::string(about.summary), "stockroom-" + std::string(about.name));
    ServiceFlags flags;
    own.add(app);
    add_service_flags(app, about, flags);
    return run_program(app, argc, argv, [&] {
        if (!flags.check.empty()) return check(flags.listen, flags.check);
        return serve(about, flags, wrap, make, make_ask, own);
    });
}

}  // namespace stockroom::wiring
