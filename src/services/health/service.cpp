#include "stockroom/health/service.hpp"

#include <utility>

#include "stockroom/contract/names.hpp"
#include "stockroom/ingress/translations.hpp"

namespace stockroom::health {

HealthService::HealthService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                             std::unique_ptr<DeadLetterDesk> desk, telemetry::Metrics& metrics,
                             engine::OnFailure on_failure, engine::Decide decide)
    : worker_({.service = "health",
               .queue = std::string(contract::kHealthQueue),
               .decide = std::move(decide)},
              bus, std::move(store), metrics, std::move(on_failure)),
      desk_(std::move(desk)) {}

void HealthService::start() {
    worker_.start();
    desk_->start();
    classic_.start();
}

void HealthService::stop() {
    worker_.request_stop();
    classic_.stop();
    desk_->stop();
    worker_.stop();
}

std::string HealthService::trouble() const {
    auto trouble = worker_.trouble();
    if (trouble.empty()) trouble = desk_->trouble();
    return trouble.empty() ? classic_.trouble() : trouble;
}

void HealthService::serve_classic(const ingress::Ingress::Ways& ways) {
    for (const auto queue : {contract::kClassicHealthcheck, contract::kClassicHealthCheck})
        classic_.open(queue, ingress::acknowledge(queue), ways);
}

}  // namespace stockroom::health
