#include "stockroom/records/service.hpp"
#include "stockroom/wiring/run.hpp"

#include "service.hpp"

namespace stockroom::wiring {

int run_records(int argc, char** argv, const Wrap& wrap) {
    const About about{.name = "records",
                      .summary = "Inserts, replaces and deletes records.",
                      .port = 8087,
                      .has_classic = true};
    return run_service(
        about, argc, argv, wrap, [](Backends& with, const engine::OnFailure& on_failure) {
            auto service = std::make_unique<HostedService<records::RecordsService>>(
                with.bus(), with.make_store(), with.metrics(), on_failure, with.decide());
            if (with.classic())
                service->made().serve_classic(classic_ways(with), with.make_queries());
            return service;
        });
}

}  // namespace stockroom::wiring
