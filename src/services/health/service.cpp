#include "stockroom/health/service.hpp"

#include <algorithm>
#include <utility>

#include "stockroom/contract/names.hpp"
#include "stockroom/ingress/translations.hpp"

#include "monitor.hpp"

namespace stockroom::health {

namespace {

constexpr std::string_view kName = "health";

/// "health", or as one of several "health-2".
bool is_own(std::string_view name) {
    if (!name.starts_with(kName)) return false;
    name.remove_prefix(kName.size());
    if (name.empty()) return true;
    return name.starts_with('-') && name.size() > 1 &&
           name.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

/// Unless its own port is watched.
bool is_watched(const Options& options) {
    return std::ranges::any_of(options.watched, is_own, &Watched::name);
}

}  // namespace

HealthService::HealthService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                             std::unique_ptr<DeadLetterDesk> desk, telemetry::Metrics& metrics,
                             engine::OnFailure on_failure, engine::Decide decide)
    : bus_(bus),
      metrics_(metrics),
      on_failure_(std::move(on_failure)),
      worker_({.service = std::string(kName),
               .queue = std::string(contract::kHealthQueue),
               .decide = std::move(decide)},
              bus, std::move(store), metrics, on_failure_),
      desk_(std::move(desk)) {}

HealthService::~HealthService() = default;

void HealthService::make_monitor(MonitorStore store, Options options) {
    if (!is_watched(options))
        options.locals.push_back(
            {.name = std::string(kName), .trouble = [this] { return trouble(); }});
    monitor_ = std::make_unique<Monitor>(std::move(options), bus_, std::move(store.ask),
                                         DiaryStore{.store = std::move(store.store),
                                                    .queries = std::move(store.queries),
                                                    .lead = std::move(store.lead)},
                                         metrics_, on_failure_);
}

void HealthService::watch(Watched service) {
    monitor_->watch(std::move(service));
}

void HealthService::start() {
    worker_.start();
    desk_->start();
    classic_.start();
}

void HealthService::start_monitor() {
    monitor_->start();
}

void HealthService::stop() {
    worker_.request_stop();
    classic_.request_stop();
    if (monitor_) monitor_->request_stop();
    classic_.stop();  // soon, it needs no store; what dies there is kept yet
    desk_->request_stop();
    if (monitor_) monitor_->stop();
    desk_->stop();
    worker_.stop();
}

std::string HealthService::health_json() const {
    return monitor_->to_json();
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
