#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include <boost/beast/http/verb.hpp>

#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::http {

/// One answered request, as its log line and metrics tell it.
struct Observation {
    boost::beast::http::verb verb = boost::beast::http::verb::unknown;
    std::string_view request_id;
    std::string_view command_id;
    std::string_view method;
    std::string_view route;  // the pattern: a view that outlives the Observer, or empty for none
    std::string_view path;
    int status = 0;
    std::chrono::steady_clock::duration duration{};
    std::size_t bytes_in = 0;
    std::size_t bytes_out = 0;
    std::string_view remote;
};

/// Writes the log line (of probes and of who reads the metrics only at debug) and the metrics of
/// each request. Series are looked up by name once, then found by the route's address.
class Observer {
  public:
    explicit Observer(telemetry::Metrics& metrics);

    void observe(const Observation& seen);
    void connection_opened() { connections_.add(1); }
    void connection_closed() { connections_.add(-1); }

  private:
    struct Series {
        telemetry::Counter requests;
        telemetry::Histogram duration;
    };
    struct Key {
        const char* route;
        boost::beast::http::verb verb;
        int status;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept;
    };

    Series& series_of(const Observation& seen);

    telemetry::Metrics& metrics_;
    telemetry::Gauge connections_;
    std::unordered_map<Key, Series, KeyHash> series_;
};

}  // namespace stockroom::http
