#include "stockroom/catalogue/service.hpp"

#include <utility>

#include "stockroom/contract/names.hpp"
#include "stockroom/ingress/translations.hpp"

namespace stockroom::catalogue {

CatalogueService::CatalogueService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                                   telemetry::Metrics& metrics, engine::OnFailure on_failure,
                                   engine::Decide decide)
    : worker_({.service = "catalogue",
               .queue = std::string(contract::kCatalogueQueue),
               .decide = std::move(decide)},
              bus, std::move(store), metrics, std::move(on_failure)) {}

void CatalogueService::serve_classic(const ingress::Ingress::Ways& ways) {
    classic_.open(contract::kClassicCreateItem, ingress::read_by(contract::read_classic_item),
                  ways);
}

}  // namespace stockroom::catalogue
