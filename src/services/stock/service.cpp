#include "stockroom/stock/service.hpp"

#include <utility>

#include "stockroom/contract/names.hpp"

namespace stockroom::stock {

StockService::StockService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                           telemetry::Metrics& metrics, engine::OnFailure on_failure,
                           engine::Decide decide)
    : worker_({.service = "stock",
               .queue = std::string(contract::kStockQueue),
               .decide = std::move(decide)},
              bus, std::move(store), metrics, std::move(on_failure)) {}

}  // namespace stockroom::stock
