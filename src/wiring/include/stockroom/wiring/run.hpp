#pragma once

#include <functional>
#include <memory>

#include "stockroom/engine/engine.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/store.hpp"

namespace stockroom::wiring {

/// What a program puts before the parts that its service stands on. The services' own mains leave
/// all as it is; a test's own main rigs a service by it.
struct Wrap {
    /// Stands before the bus, which outlives it. Empty: the bus itself.
    std::function<std::unique_ptr<ports::Bus>(ports::Bus& bus)> bus{};
    /// Stands before each store. Empty: the store itself.
    std::function<std::unique_ptr<ports::Store>(std::unique_ptr<ports::Store> store)> store{};
    engine::Decide decide = domain::decide;
};

// The whole of a service's main: reads the command line and the environment, and runs the service
// on RabbitMQ and PostgreSQL until SIGTERM or SIGINT. While one of these is away the service waits
// for it, says so in its log and at /readyz, and goes on by itself. Once it listens it prints
// `stockroom-NAME is listening on http://…`. Exit codes: 0 stopped as asked; 1 the address is in
// use, or the service has ended by a bug; 2 an option is wrong.
[[nodiscard]] int run_gateway(int argc, char** argv, const Wrap& wrap = {});
[[nodiscard]] int run_catalogue(int argc, char** argv, const Wrap& wrap = {});
[[nodiscard]] int run_stock(int argc, char** argv, const Wrap& wrap = {});
[[nodiscard]] int run_orders(int argc, char** argv, const Wrap& wrap = {});
[[nodiscard]] int run_records(int argc, char** argv, const Wrap& wrap = {});
[[nodiscard]] int run_relay(int argc, char** argv, const Wrap& wrap = {});
[[nodiscard]] int run_health(int argc, char** argv, const Wrap& wrap = {});
/// Of them all the only one that has neither bus nor store, but a gateway.
[[nodiscard]] int run_generator(int argc, char** argv);

}  // namespace stockroom::wiring
