#include "stockroom/orders/service.hpp"

#include <utility>

#include "stockroom/contract/classic.hpp"
#include "stockroom/contract/names.hpp"

#include "item_list.hpp"

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

void OrdersService::serve_classic(const ingress::Ingress::Ways& ways,
                                  std::unique_ptr<ports::Queries> queries) {
    classic_.open(
        contract::kClassicOrderProcessing,
        [shared = std::shared_ptr(std::move(queries))] {
            return list_items(
                [&](const ports::PageRequest& page) { return shared->items({}, page); });
        },
        ways);
}

void OrdersService::start() {
    worker_.start();
    sweeper_.start();
    classic_.start();
}

void OrdersService::stop() {
    worker_.request_stop();
    classic_.request_stop();
    sweeper_.stop();
    classic_.stop();
    worker_.stop();
}

std::string OrdersService::trouble() const {
    auto trouble = worker_.trouble();
    if (trouble.empty()) trouble = sweeper_.trouble();
    if (trouble.empty()) trouble = classic_.trouble();
    return trouble;
}

}  // namespace stockroom::orders
