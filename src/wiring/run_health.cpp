#include "stockroom/health/service.hpp"
#include "stockroom/wiring/run.hpp"

#include "service.hpp"

namespace stockroom::wiring {

int run_health(int argc, char** argv, const Wrap& wrap) {
    const About about{.name = "health",
                      .summary = "Watches every part, and says how each is.",
                      .port = 8085,
                      .has_classic = true};
    return run_service(about, argc, argv, wrap,
                       [](Backends& with, const engine::OnFailure& on_failure) {
                           auto desk = std::make_unique<health::DeadLetterDesk>(
                               with.bus(), with.make_store(), with.make_queries(), with.metrics());
                           auto service = std::make_unique<HostedService<health::HealthService>>(
                               with.bus(), with.make_store(), std::move(desk), with.metrics(),
                               on_failure, with.decide());
                           if (with.classic()) service->made().serve_classic(classic_ways(with));
                           return service;
                       });
}

}  // namespace stockroom::wiring
