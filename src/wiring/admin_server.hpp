#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "stockroom/http/server.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::wiring {

/// A part of a service that can be in trouble.
struct Part {
    std::string_view name;                 // "bus"
    std::function<std::string()> trouble;  // empty while all is well; thread-safe, never waits
};

/// What a service answers at its port beside probes and metrics.
struct OwnRoutes {
    std::function<void(http::Router&)> add = [](http::Router&) {};
    http::Handler index{};            // GET /; empty: name, version, links
    http::Handler metrics_as_json{};  // GET /metrics for who wants JSON; empty: all get text
};

/// What a service without an HTTP API of its own serves to operators, on a thread of its own:
///     GET /livez     200 while the process answers
///     GET /readyz    200, or 503 naming the parts in trouble
///     GET /metrics   Prometheus text
///     GET /          name, version, links
/// and what the service adds.
class AdminServer {
  public:
    /// REQUIRES: metrics outlive it.
    AdminServer(std::string_view service, std::vector<Part> parts, telemetry::Metrics& metrics,
                OwnRoutes own = {});
    /// Stops.
    ~AdminServer();
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    /// As http::Server::start. Call once.
    [[nodiscard]] std::expected<http::Address, std::string> start(const http::Address& address);
    /// Answers what is under way, for a second at most. Again: nothing.
    void stop();

  private:
    boost::asio::io_context context_{1};
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_{
        context_.get_executor()};
    http::Server server_;
    std::jthread thread_;
};

}  // namespace stockroom::wiring
