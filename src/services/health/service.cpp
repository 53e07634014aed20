#include "stockroom/health/service.hpp"

#include <utility>

#include "stockroom/contract/names.hpp"
#include "stockroom/ingress/translations.hpp"

namespace stockroom::health {

HealthService::HealthService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                             telemetry::Metrics& metrics, engine::OnFailure on_failure,
                             engine::Decide decide)
    : worker_({.service = "health",
               .queue = std::string(contract::kHealthQueue),
               .decide = std::move(decide)},
              bus, std::move(store), metrics, std::move(on_failure)) {}

void HealthService::serve_classic(const ingress::Ingress::Ways& ways) {
    for (const auto queue : {contract::kClassicHealthcheck, contract::kClassicHealthCheck})
        classic_.open(queue, ingress::acknowledge(queue), ways);
}

}  // namespace stockroom::health
