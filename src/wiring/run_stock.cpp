#include "stockroom/stock/service.hpp"
#include "stockroom/wiring/run.hpp"

#include "service.hpp"

namespace stockroom::wiring {

int run_stock(int argc, char** argv, const Wrap& wrap) {
    const About about{.name = "stock",
                      .summary = "Receives and adjusts stock, and knows the locations.",
                      .port = 8082,
                      .has_classic = true};
    return run_service(
        about, argc, argv, wrap, [](Backends& with, const engine::OnFailure& on_failure) {
            auto service = std::make_unique<HostedService<stock::StockService>>(
                with.bus(), with.make_store(), with.metrics(), on_failure, with.decide());
            if (with.classic()) service->made().serve_classic(classic_ways(with));
            return service;
        });
}

}  // namespace stockroom::wiring
