#include <algorithm>
#include <chrono>
#include <expected>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stockroom/contract/classic.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/health/service.hpp"
#include "stockroom/http_client/url.hpp"
#include "stockroom/wiring/run.hpp"
#include "stockroom/wiring/store_url.hpp"

#include "service.hpp"

namespace stockroom::wiring {

namespace {

struct HealthFlags {
    int interval_seconds = 5;
    int patience_seconds = 1;
    std::string management_url;
    std::string management_url_file;
    std::vector<std::string> watch;
    health::Options options;  // what they say
};

void add_health_flags(CLI::App& app, HealthFlags& flags) {
    app.add_option("--interval", flags.interval_seconds,
                   "How often what is up is asked; what is not is asked each second")
        ->type_name("SECONDS")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    app.add_option("--patience", flags.patience_seconds,
                   "What does not answer for so long does not answer")
        ->type_name("SECONDS")
        ->check(CLI::Range(1, 60))
        ->capture_default_str();
    app.add_option("--management-url", flags.management_url,
                   "RabbitMQ's management API; without it no queue's consumers and depth are known")
        ->type_name("http://USER:PASSWORD@HOST:PORT");
    app.add_option("--management-url-file", flags.management_url_file, "A file that holds it")
        ->type_name("PATH");
    app.add_option("--watch", flags.watch,
                   "A service's name and where it listens; several by several of these, or in one "
                   "with commas between them")
        ->type_name("NAME=http://HOST:PORT")
        ->delimiter(',')
        ->allow_extra_args(false);
}

std::expected<health::Watched, std::string> read_watched(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        return std::unexpected(
            fmt::format("--watch: \"{}\" names no service; give NAME=http://HOST:PORT", text));
    auto url = http_client::ServerUrl::parse(text.substr(equals + 1), "--watch");
    if (!url) return std::unexpected(std::move(url.error()));
    return health::Watched{.name = text.substr(0, equals), .url = *std::move(url)};
}

/// As it stands in the bus's URL; RabbitMQ's own when there is none.
std::string vhost_of(const std::string& bus_url) {
    const auto host = bus_url.find("//");
    const auto slash = bus_url.find('/', host == std::string::npos ? 0 : host + 2);
    if (slash == std::string::npos || slash + 1 == bus_url.size()) return "%2F";
    const std::string vhost = bus_url.substr(slash + 1, bus_url.find('?', slash) - slash - 1);
    return vhost.empty() ? "%2F" : vhost;
}

std::expected<void, std::string> read_flags(HealthFlags& flags, const Settings& settings) {
    health::Options& options = flags.options;
    options.interval = std::chrono::seconds(flags.interval_seconds);
    options.patience = std::chrono::seconds(flags.patience_seconds);
    for (const std::string& text : flags.watch) {
        auto watched = read_watched(text);
        if (!watched) return std::unexpected(std::move(watched.error()));
        const auto same = std::ranges::find(options.watched, watched->name, &health::Watched::name);
        if (same != options.watched.end())
            return std::unexpected(fmt::format(
                "--watch: \"{}\" stands twice; each has a name of its own", watched->name));
        options.watched.push_back(*std::move(watched));
    }
    for (const std::string_view queue : contract::kWatchedQueues)
        options.queues.emplace_back(queue);
    if (flags.management_url.empty() && flags.management_url_file.empty()) return {};
    auto url = read_url("management-url", flags.management_url, flags.management_url_file);
    if (!url) return std::unexpected(std::move(url.error()));
    auto login = http_client::LoginUrl::parse(*url, "--management-url");
    if (!login) return std::unexpected(std::move(login.error()));
    options.management = health::Management{.url = std::move(login->server),
                                            .authorization = std::move(login->authorization),
                                            .vhost = vhost_of(settings.bus_url)};
    options.counted = {std::string(ports::kDeadQueue)};
    if (settings.classic)
        options.counted.insert(options.counted.end(), std::begin(contract::kClassicQueues),
                               std::end(contract::kClassicQueues));
    return {};
}

class Health final : public Service {
  public:
    Health(Backends& with, const engine::OnFailure& on_failure, health::Options options)
        : made_(with.bus(), with.make_store(),
                std::make_unique<health::DeadLetterDesk>(with.bus(), with.make_store(),
                                                         with.make_queries(), with.metrics()),
                with.metrics(), on_failure, with.decide()) {
        if (with.classic()) made_.serve_classic(classic_ways(with));
        made_.make_monitor({.ask = ask_by_queries(with),
                            .store = with.make_store(),
                            .queries = with.make_queries(),
                            .lead = with.make_health_lead()},
                           std::move(options));
    }
    void start() override {
        made_.start();
        made_.start_monitor();
    }
    void stop() override { made_.stop(); }
    [[nodiscard]] std::string trouble() const override { return made_.trouble(); }
    void add_routes(http::Router& router) override {
        router.add("GET", "/v1/health", [this](const http::Request&) { return answer(); });
    }

  private:
    boost::asio::awaitable<http::Response> answer() {
        co_return http::Response{.body = made_.health_json()};
    }

    health::HealthService made_;
};

}  // namespace

int run_health(int argc, char** argv, const Wrap& wrap) {
    const About about{.name = "health",
                      .summary = "Watches every part, and says how each is.",
                      .port = 8085,
                      .has_classic = true};
    HealthFlags flags;
    return run_service(
        about, argc, argv, wrap,
        [&flags](Backends& with, const engine::OnFailure& on_failure) {
            return std::make_unique<Health>(with, on_failure, std::move(flags.options));
        },
        ask_by_queries,
        {.add = [&flags](CLI::App& app) { add_health_flags(app, flags); },
         .read = [&flags](const Settings& settings) { return read_flags(flags, settings); }});
}

}  // namespace stockroom::wiring
