#include "stockroom/orders/service.hpp"

#include <utility>

#include "stockroom/contract/names.hpp"

namespace stockroom::orders {

OrdersService::OrdersService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                             std::unique_ptr<ports::Queries> queries, telemetry::Metrics& metrics,
                             engine::OnFailure on_failure, std::chrono::milliseconds sweep_interval,
                             engine::Decide decide)
    : worker_({.service = "orders",
               .queue = std::string(contract::kOrdersQueue),
               .decide = std::move(decide)},
              bus, std::move(store), metrics, std::move(on_failure)),
      sweeper_(bus, std::move(queries), metrics, sweep_interval) {}

void OrdersService::start() {
    worker_.start();
    sweeper_.start();
}

void OrdersService::stop() {
    worker_.request_stop();
    sweeper_.stop();
    worker_.stop();
}

std::string OrdersService::trouble() const {
    auto trouble = worker_.trouble();
    return trouble.empty() ? sweeper_.trouble() : trouble;
}

}  // namespace stockroom::orders
