#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "stockroom/http_client/url.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::generator {

/// How far an order goes in the one decision that places it.
enum class Placed { reserved, confirmed, fulfilled };

struct Options {
    std::chrono::milliseconds every{2'000};  // 1 or more
    std::uint64_t seed = 1;
    Placed placed = Placed::reserved;
    std::size_t in_flight_max = 64;  // orders that are not answered yet
    bool started = false;            // from the beginning
};

/// Makes orders at a steady pace, as any client of a gateway does: over HTTP, each under an
/// idempotency key of its own, sent again until it is answered or ten seconds are over. Items and
/// quantities are drawn from the gateway's catalogue by the seed; the catalogue is read again each
/// minute. Has a thread of its own. Thread-safe, but for launch() and shut_down().
class Generator {
  public:
    /// REQUIRES: metrics outlive it.
    Generator(Options options, telemetry::Metrics& metrics);
    /// Shuts down.
    ~Generator();
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    /// From now on orders go to this gateway. Call once.
    void launch(http_client::ServerUrl gateway);
    /// Ends the thread; orders that are not answered yet are given up. Again: nothing.
    void shut_down();

    // What a client can ask for. These wait for nothing.

    /// Whether it was stopped before.
    bool start();
    /// Whether it ran before. Orders under way are still answered.
    bool stop();
    /// {"state","every_ms","rate","made","refused",…}: Generator of api/openapi.yaml.
    [[nodiscard]] std::string to_json() const;
    /// Empty while it can do what it shall; else why the gateway cannot be used, for /readyz.
    [[nodiscard]] std::string trouble() const;

    /// How many orders the gateway has processed and what they cost on average, as the gateway's
    /// GET /metrics tells in JSON; it is asked for them. On any executor. The error is for people.
    /// REQUIRES: launched, and not shut down before the answer.
    [[nodiscard]] boost::asio::awaitable<std::expected<std::string, std::string>> ask_metrics();

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace stockroom::generator
