#include "stockroom/records/service.hpp"

#include <utility>

#include "stockroom/contract/names.hpp"

namespace stockroom::records {

RecordsService::RecordsService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                               telemetry::Metrics& metrics, engine::OnFailure on_failure,
                               engine::Decide decide)
    : worker_({.service = "records",
               .queue = std::string(contract::kRecordsQueue),
               .decide = std::move(decide)},
              bus, std::move(store), metrics, std::move(on_failure)) {}

}  // namespace stockroom::records
