#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "stockroom/http/server.hpp"
#include "stockroom/runtime/command_line.hpp"
#include "stockroom/runtime/lifecycle.hpp"
#include "stockroom/runtime/redact.hpp"
#include "stockroom/telemetry/log.hpp"
#include "stockroom/wiring/check.hpp"
#include "stockroom/wiring/gateway_options.hpp"
#include "stockroom/wiring/generator_options.hpp"
#include "stockroom/wiring/store_url.hpp"

#include "commands.hpp"
#include "embedded.hpp"

namespace stockroom {

namespace {

using telemetry::LogLevel;

struct ServeFlags {
    std::string listen = "127.0.0.1:8080";
    std::string store_url{wiring::kDefaultStoreUrl};
    std::string check;
    LogLevel log_level = LogLevel::info;
    Embedded::Options embedded;
};

int refuse(int exit_code, const std::string& message) {
    return runtime::refuse("stockroom serve", exit_code, message);
}

int serve(ServeFlags& flags) {
    if (!flags.check.empty()) return wiring::check(flags.listen, flags.check);
    auto path = wiring::sqlite_path(flags.store_url);
    if (!path) return refuse(runtime::kExitUsage, path.error());
    auto listen = http::Address::parse(flags.listen);
    if (!listen)
        return refuse(runtime::kExitUsage,
                      "--listen: " + runtime::redact_in(listen.error(), flags.listen));

    runtime::Lifecycle lifecycle;
    telemetry::start_log("stockroom", flags.log_level);
    Embedded::Options& options = flags.embedded;
    options.store_path = std::move(*path);
    options.gateway.listen = std::move(*listen);
    wiring::settle(options.gateway);
    options.on_failure = [&lifecycle](const std::string& reason) { lifecycle.fail(reason); };

    const auto embedded = Embedded::start(options);
    if (!embedded) {
        const bool not_bound = embedded.error().starts_with(options.gateway.listen.to_string());
        return refuse(
            runtime::kExitFailed,
            embedded.error() +
                (not_bound ? ". Choose another with --listen; port 0 takes a free one" : ""));
    }

    const std::string url = "http://" + (*embedded)->address().to_string();
    telemetry::log(LogLevel::info, "serving",
                   {{"version", runtime::version()}, {"url", url}, {"store", flags.store_url}});
    std::cout << "stockroom is listening on " << url << '\n' << std::flush;
    return lifecycle.run_until_stopped([&] { (*embedded)->stop(); });
}

void add_options(CLI::App& command, ServeFlags& flags) {
    Embedded::Options& embedded = flags.embedded;
    command.add_option("--listen", flags.listen, "Where to listen; port 0 takes a free one")
        ->type_name("ADDRESS:PORT")
        ->capture_default_str();
    command.add_option("--store-url", flags.store_url, "The store; it is made where it is missing")
        ->type_name("sqlite:PATH")
        ->capture_default_str();
    runtime::add_log_level(command, flags.log_level);
    command.add_option("--queue", embedded.queue_max, "Commands that wait for one service at most")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command
        .add_option_function<std::int64_t>(
            "--health-interval",
            [&embedded](std::int64_t seconds) {
                embedded.health_interval = std::chrono::seconds(seconds);
            },
            "How often the health monitor asks what is up; what is not it asks each second; "
            "0: nothing")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, 3600))
        ->default_str(std::to_string(embedded.health_interval.count()));
    wiring::add_gateway_options(command, embedded.gateway);
    wiring::add_generator_options(command, "generator-", embedded.generator);
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
    const auto flags = std::make_shared<ServeFlags>();
    CLI::App& command =
        *app.add_subcommand("serve", "Serves everything from one process, until Ctrl-C or SIGTERM");
    add_options(command, *flags);
    runtime::bind_environment(command);
    wiring::add_check(command, flags->check);
    command.footer(
        "Examples:\n"
        "  stockroom serve\n"
        "  stockroom serve --listen 127.0.0.1:0 --store-url sqlite:/tmp/try.db\n"
        "  STOCKROOM_LOG_LEVEL=warning stockroom serve\n"
        "Standard output gets one line, `stockroom is listening on URL`, once it serves; the log\n"
        "goes to standard error, one JSON object a line.");
    command.callback([flags, &exit_code] { exit_code = serve(*flags); });
}

}  // namespace stockroom
