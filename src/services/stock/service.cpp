#include "stockroom/stock/service.hpp"

#include <utility>

#include "stockroom/contract/names.hpp"
#include "stockroom/ingress/translations.hpp"

namespace stockroom::stock {

StockService::StockService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                           telemetry::Metrics& metrics, engine::OnFailure on_failure,
                           engine::Decide decide)
    : worker_({.service = "stock",
               .queue = std::string(contract::kStockQueue),
               .decide = std::move(decide)},
              bus, std::move(store), metrics, std::move(on_failure)) {}

void StockService::serve_classic(const ingress::Ingress::Ways& ways) {
    classic_.open(contract::kClassicStockManagement,
                  ingress::read_by(contract::read_classic_deletion), ways);
}

}  // namespace stockroom::stock
