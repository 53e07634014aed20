#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/http_client/url.hpp"

namespace stockroom::health {

/// A service that is asked for its /readyz.
struct Watched {
    std::string name;  // "orders-1"
    http_client::ServerUrl url;
};

/// Where RabbitMQ's management API is.
struct Management {
    http_client::ServerUrl url;
    std::string authorization;  // the header's value
    std::string vhost;          // percent-encoded
};

/// What is known of a queue besides what a ping shows.
struct QueueFigures {
    std::int64_t consumers = 0;
    std::int64_t ready = 0;    // messages that wait
    std::int64_t unacked = 0;  // messages that are worked on
    std::int64_t in_per_minute = 0;
    std::int64_t out_per_minute = 0;
    std::int64_t acked = 0;  // messages that were worked off, ever
};

/// A part of this process. Empty: it is well.
struct Local {
    std::string name;
    std::function<std::string()> trouble;  // thread-safe, never waits
};

struct Options {
    std::chrono::milliseconds interval{5'000};
    std::chrono::milliseconds doubt_interval{1'000};  // after a failure
    std::chrono::milliseconds patience{1'000};        // with an answer
    std::vector<Watched> watched{};
    std::vector<Local> locals{};
    std::vector<std::string> queues{};       // that are pinged
    std::vector<std::string> counted{};      // queues that are known by their figures alone
    std::optional<Management> management{};  // empty: nobody is asked for figures
    /// Where the bus is in this process: there is no broker, and nobody else to ask for figures.
    std::function<std::optional<QueueFigures>(std::string_view queue)> local_figures{};
};

}  // namespace stockroom::health
