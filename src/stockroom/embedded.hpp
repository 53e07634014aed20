#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "stockroom/engine/worker.hpp"
#include "stockroom/gateway/gateway.hpp"
#include "stockroom/generator/generator.hpp"

namespace stockroom {

/// The whole of Stockroom in one process: the gateway and the catalogue, stock, orders, records
/// and health services, a bus in memory between them, and a SQLite file under them.
class Embedded {
  public:
    struct Options {
        std::string store_path;
        std::size_t queue_max = 10'000;  // commands of one service that wait at most
        gateway::Options gateway;
        generator::Options generator;
        std::chrono::seconds health_interval{5};  // how often what is up is asked; 0: never
        engine::OnFailure on_failure;  // a service has ended by a bug: stop and start again
    };

    /// Opens the store and starts everything. The error is for people.
    [[nodiscard]] static std::expected<std::unique_ptr<Embedded>, std::string> start(
        Options options);
    ~Embedded();
    Embedded(const Embedded&) = delete;
    Embedded& operator=(const Embedded&) = delete;

    /// Where the gateway listens: the real port, if any free one was asked for.
    [[nodiscard]] const http::Address& address() const;

    /// The gateway first, so that the requests under way get their outcomes; then the services,
    /// each after the batch it is at. Idempotent.
    void stop();

  private:
    struct Parts;
    explicit Embedded(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace stockroom
