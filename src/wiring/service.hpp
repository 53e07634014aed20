#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "stockroom/engine/worker.hpp"
#include "stockroom/http/router.hpp"
#include "stockroom/ingress/ingress.hpp"

#include "backends.hpp"
#include "service_flags.hpp"
#include "store_watch.hpp"

namespace stockroom::wiring {

/// A service as run_service runs it.
class Service {
  public:
    virtual ~Service() = default;
    virtual void start() = 0;
    virtual void stop() = 0;
    [[nodiscard]] virtual std::string trouble() const = 0;
    /// What it answers at its port beside probes and metrics; on the thread of that port. Called
    /// before start().
    virtual void add_routes(http::Router& /*router*/) {}
};

/// What a service's library made, which has these three under the same names.
template <typename Made>
class HostedService final : public Service {
  public:
    template <typename... Arguments>
    explicit HostedService(Arguments&&... arguments)
        : made_(std::forward<Arguments>(arguments)...) {}
    void start() override { made_.start(); }
    void stop() override { made_.stop(); }
    [[nodiscard]] std::string trouble() const override { return made_.trouble(); }
    [[nodiscard]] Made& made() { return made_; }

  private:
    Made made_;
};

using MakeService =
    std::function<std::unique_ptr<Service>(Backends& with, const engine::OnFailure& on_failure)>;
/// Makes what the store is asked by, on a connection of its own.
using MakeAsk = std::function<StoreWatch::Ask(Backends& with)>;

/// What a service's classic queues are connected to.
[[nodiscard]] ingress::Ingress::Ways classic_ways(Backends& with);

/// Asks as a service does that reads the tables.
[[nodiscard]] StoreWatch::Ask ask_by_queries(Backends& with);

/// The flags that only this service has.
struct OwnFlags {
    std::function<void(CLI::App& app)> add = [](CLI::App&) {};
    /// Called once they are read, before anything is made. The error is for people.
    std::function<std::expected<void, std::string>(const Settings&)> read = [](const Settings&) {
        return std::expected<void, std::string>();
    };
};

/// The main of a service that has no HTTP API of its own, as run.hpp says of them all.
[[nodiscard]] int run_service(const About& about, int argc, char** argv, const Wrap& wrap,
                              const MakeService& make, const MakeAsk& make_ask = ask_by_queries,
                              const OwnFlags& own = {});

// What the mains share.

/// From SIGTERM to the end; less than runtime::kStopTime. A store or bus that does not answer can
/// hold the stop up for longer: then the process ends without it, and with kExitDone, for what it
/// leaves undone is done again by the next one (DESIGN: when things fail).
inline constexpr std::chrono::seconds kStopTime{9};

/// Reads the command line. `run` gives the exit code.
[[nodiscard]] int run_program(CLI::App& app, int argc, char** argv,
                              const std::function<int()>& run);
[[nodiscard]] int refuse(const About& about, int exit_code, const std::string& why);
/// The address cannot be listened at.
[[nodiscard]] int refuse_to_listen(const About& about, const std::string& why);
/// Tells the log and standard output where the service listens.
void announce(const About& about, const http::Address& address, const Settings& settings);

}  // namespace stockroom::wiring
