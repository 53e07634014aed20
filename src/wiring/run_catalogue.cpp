#include "stockroom/catalogue/service.hpp"
#include "stockroom/wiring/run.hpp"

#include "service.hpp"

namespace stockroom::wiring {

int run_catalogue(int argc, char** argv, const Wrap& wrap) {
    const About about{
        .name = "catalogue", .summary = "Creates, changes and retires items.", .port = 8081};
    return run_service(
        about, argc, argv, wrap, [](Backends& with, const engine::OnFailure& on_failure) {
            return std::make_unique<HostedService<catalogue::CatalogueService>>(
                with.bus(), with.make_store(), with.metrics(), on_failure, with.decide());
        });
}

}  // namespace stockroom::wiring
