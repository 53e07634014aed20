#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stockroom/gateway/peer.hpp"
#include "stockroom/http/limits.hpp"
#include "stockroom/http/network.hpp"
#include "stockroom/http/server.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/classic.hpp"
#include "stockroom/ports/events.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::gateway {

struct Options {
    http::Address listen;
    http::Limits limits;
    std::chrono::seconds wait{5};                 // for an outcome, when the client does not say
    std::size_t commands_in_flight_max = 20'000;  // further writes are answered 503
    std::size_t readers = 2;                      // threads that read the store
    std::size_t reads_queued_max = 20'000;        // further reads are answered 503
    std::chrono::seconds read_time{5};            // later than that a read is answered 503
    /// Where committed events are heard of; null: every read asks the store. Outlives the gateway.
    ports::EventBus* events = nullptr;
    std::size_t event_listeners_max = 1'000;  // further ones are answered 503
    Peer health;                              // the health service
    Peer generator;                           // the order generator
    /// The bus's classic queues; null: the classic interface is off. Outlives the gateway.
    ports::ClassicBus* classic_bus = nullptr;
    bool classic = false;                     // whether it is wanted
    std::vector<http::Network> classic_from;  // who may call it besides this machine
    /// Empty when all is well besides bus and store; else what is wrong, for /readyz. Thread-safe.
    std::function<std::string()> trouble;
};

/// The HTTP API (api/openapi.yaml): turns requests into commands and waits for their outcomes, and
/// answers reads from the store. Owns the one thread that does its I/O, and its readers' threads.
class Gateway {
  public:
    /// Makes what one thread reads the store by.
    using OpenQueries =
        std::function<std::expected<std::unique_ptr<ports::Queries>, ports::Error>()>;

    /// REQUIRES: bus and metrics outlive it.
    Gateway(ports::Bus& bus, OpenQueries open_queries, Options options,
            telemetry::Metrics& metrics);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    /// Opens the readers, binds and serves. Gives the address it is bound to, or, for people, why
    /// it is not. Call once.
    [[nodiscard]] std::expected<http::Address, std::string> start();

    /// Stops accepting, lets the requests under way be answered (commands still wait up to 3 s for
    /// their outcomes, so the services must still run), and ends the threads, within 7 s.
    /// Idempotent; also done by the destructor.
    void stop();

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace stockroom::gateway
