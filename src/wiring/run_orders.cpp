#include "stockroom/orders/service.hpp"
#include "stockroom/wiring/run.hpp"

#include "service.hpp"

namespace stockroom::wiring {

int run_orders(int argc, char** argv, const Wrap& wrap) {
    const About about{.name = "orders",
                      .summary = "Prices, places, confirms, fulfils, cancels and expires orders.",
                      .port = 8083,
                      .has_classic = true};
    return run_service(
        about, argc, argv, wrap, [](Backends& with, const engine::OnFailure& on_failure) {
            auto service = std::make_unique<HostedService<orders::OrdersService>>(
                with.bus(), with.make_store(), with.make_queries(), with.metrics(), on_failure,
                orders::ExpirySweeper::kDefaultInterval, with.decide());
            if (with.classic())
                service->made().serve_classic(classic_ways(with), with.make_queries());
            return service;
        });
}

}  // namespace stockroom::wiring
