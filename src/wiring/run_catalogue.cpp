#include "stockroom/catalogue/service.hpp"
#include "stockroom/wiring/run.hpp"

#include "service.hpp"

namespace stockroom::wiring {

int run_catalogue(int argc, char** argv, const Wrap& wrap) {
    const About about{.name = "catalogue",
                      .summary = "Creates, changes and retires items.",
                      .port = 8081,
                      .has_classic = true};
    return run_service(
        about, argc, argv, wrap, [](Backends& with, const engine::OnFailure& on_failure) {
            auto service = std::make_unique<HostedService<catalogue::CatalogueService>>(
                with.bus(), with.make_store(), with.metrics(), on_failure, with.decide());
            if (with.classic()) service->made().serve_classic(classic_ways(with));
            return service;
        });
}

}  // namespace stockroom::wiring
