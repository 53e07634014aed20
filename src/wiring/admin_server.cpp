#include "admin_server.hpp"

#include <cstdlib>
#include <exception>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "stockroom/base/text.hpp"
#include "stockroom/http/problem.hpp"
#include "stockroom/runtime/command_line.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::wiring {

namespace {

using http::Request;
using http::Response;
using Answer = boost::asio::awaitable<Response>;

/// Probes and a scraper, not clients.
http::Limits limits() {
    http::Limits limits;
    limits.header_bytes = 8UL * 1024;
    limits.target_bytes = 1024;
    limits.body_bytes = 1024;
    limits.bodies_bytes = 64UL * 1024;
    limits.unsent_bytes = 16UL * 1024 * 1024;
    limits.connections = 64;
    limits.stop_time = std::chrono::seconds(1);
    return limits;
}

Answer at_once(Response response) {
    co_return response;
}

/// The parts by name, each with its trouble, as a member of the problem.
std::string extension_of(const std::vector<std::pair<std::string_view, std::string>>& troubles) {
    std::string json = R"("parts":{)";
    for (const auto& [name, trouble] : troubles) {
        if (json.back() != '{') json += ',';
        base::append_json_string(json, name);
        json += ':';
        base::append_json_string(json, base::is_utf8(trouble) ? trouble : "in trouble");
    }
    return json + '}';
}

std::vector<std::pair<std::string_view, std::string>> troubles_of(const std::vector<Part>& parts) {
    std::vector<std::pair<std::string_view, std::string>> troubles;
    for (const Part& part : parts)
        if (std::string trouble = part.trouble(); !trouble.empty())
            troubles.emplace_back(part.name, std::move(trouble));
    return troubles;
}

std::string join(const std::vector<std::pair<std::string_view, std::string>>& troubles) {
    std::string joined;
    for (const auto& [name, trouble] : troubles)
        joined += fmt::format("{}{}: {}", joined.empty() ? "" : "; ", name, trouble);
    return joined;
}

Response ready(const std::vector<Part>& parts) {
    const auto troubles = troubles_of(parts);
    if (troubles.empty()) return {.body = R"({"status":"ok"})"};
    return http::to_response({.status = 503,
                              .type = "not_ready",
                              .title = "The service cannot do its work",
                              .detail = join(troubles),
                              .extension = extension_of(troubles)});
}

Response index(std::string_view service) {
    return {.body = fmt::format(
                R"({{"name":"stockroom-{}","version":"{}","links":{{"metrics":"/metrics",)"
                R"("livez":"/livez","readyz":"/readyz"}}}})",
                service, runtime::version())};
}

http::Router make_routes(std::string_view service, std::vector<Part> parts,
                         telemetry::Metrics& metrics, OwnRoutes own) {
    http::Router router;
    router.add("GET", "/livez",
               [](const Request&) { return at_once({.body = R"({"status":"ok"})"}); });
    router.add("GET", "/readyz",
               [parts = std::move(parts)](const Request&) { return at_once(ready(parts)); });
    router.add("GET", "/metrics",
               [&metrics, as_json = std::move(own.metrics_as_json)](const Request& request) {
                   if (as_json && http::wants_json(request)) return as_json(request);
                   return at_once({.content_type = "text/plain; version=0.0.4; charset=utf-8",
                                   .body = metrics.to_text()});
               });
    if (!own.index)
        own.index = [answer = index(service)](const Request&) { return at_once(answer); };
    router.add("GET", "/", std::move(own.index));
    own.add(router);
    return router;
}

}  // namespace

AdminServer::AdminServer(std::string_view service, std::vector<Part> parts,
                         telemetry::Metrics& metrics, OwnRoutes own)
    : server_(context_, make_routes(service, std::move(parts), metrics, std::move(own)), limits(),
              metrics) {}

AdminServer::~AdminServer() {
    stop();
}

std::expected<http::Address, std::string> AdminServer::start(const http::Address& address) {
    auto bound = server_.start(address);
    if (bound)
        thread_ = std::jthread([this] {
            try {
                context_.run();
            } catch (const std::exception& failure) {
                telemetry::log(telemetry::LogLevel::error, "probes and metrics have failed",
                               {{"reason", failure.what()}});
                telemetry::flush_log();
                std::abort();
            }
        });
    return bound;
}

void AdminServer::stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(context_, [this] {
        server_.stop();
        work_.reset();
    });
    thread_.join();
}

}  // namespace stockroom::wiring
