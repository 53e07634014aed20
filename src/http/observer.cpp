#include "observer.hpp"

#include <functional>
#include <string>

#include "stockroom/telemetry/log.hpp"

namespace stockroom::http {

namespace {

/// What asks again every few seconds, whatever watches over the process.
bool is_watching(std::string_view route) {
    return route == "/livez" || route == "/readyz" || route == "/metrics";
}

}  // namespace

Observer::Observer(telemetry::Metrics& metrics)
    : metrics_(metrics),
      connections_(metrics.gauge("stockroom_http_connections", "Open connections of clients")) {}

std::size_t Observer::KeyHash::operator()(const Key& key) const noexcept {
    const auto rest =
        static_cast<std::size_t>(key.verb) << 10U | static_cast<std::size_t>(key.status);
    return std::hash<const char*>()(key.route) ^ rest * 0x9E3779B97F4A7C15U;
}

Observer::Series& Observer::series_of(const Observation& seen) {
    const Key key{seen.route.empty() ? nullptr : seen.route.data(), seen.verb, seen.status};
    const auto found = series_.find(key);
    if (found != series_.end()) return found->second;

    const std::string_view route = seen.route.empty() ? "none" : seen.route;
    const bool known = seen.verb != boost::beast::http::verb::unknown;
    const auto method = known ? boost::beast::http::to_string(seen.verb) : "none";
    const std::string status = std::to_string(seen.status);
    return series_
        .emplace(key, Series{metrics_.counter("stockroom_http_requests_total", "Requests answered",
                                              {{"method", {method.data(), method.size()}},
                                               {"route", route},
                                               {"status", status}}),
                             metrics_.histogram("stockroom_http_request_duration_seconds",
                                                "From a request's first byte to its answer sent",
                                                telemetry::duration_buckets(), {{"route", route}})})
        .first->second;
}

void Observer::observe(const Observation& seen) {
    Series& series = series_of(seen);
    series.requests.add();
    series.duration.observe(std::chrono::duration<double>(seen.duration).count());

    using telemetry::LogLevel;
    const std::int64_t duration_us =
        std::chrono::duration_cast<std::chrono::microseconds>(seen.duration).count();
    const auto status = std::int64_t{seen.status};
    const auto bytes_in = static_cast<std::int64_t>(seen.bytes_in);
    const auto bytes_out = static_cast<std::int64_t>(seen.bytes_out);
    const auto level = is_watching(seen.route) ? LogLevel::debug : LogLevel::info;
    if (seen.command_id.empty()) {
        telemetry::log(level, "request",
                       {{"request_id", seen.request_id},
                        {"method", seen.method},
                        {"route", seen.route},
                        {"path", seen.path},
                        {"status", status},
                        {"duration_us", duration_us},
                        {"bytes_in", bytes_in},
                        {"bytes_out", bytes_out},
                        {"remote", seen.remote}});
    } else {
        telemetry::log(level, "request",
                       {{"request_id", seen.request_id},
                        {"command_id", seen.command_id},
                        {"method", seen.method},
                        {"route", seen.route},
                        {"path", seen.path},
                        {"status", status},
                        {"duration_us", duration_us},
                        {"bytes_in", bytes_in},
                        {"bytes_out", bytes_out},
                        {"remote", seen.remote}});
    }
}

}  // namespace stockroom::http
