#include "stockroom/records/service.hpp"

#include <utility>

#include "stockroom/contract/classic_records.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/ingress/translations.hpp"

#include "record_list.hpp"

namespace stockroom::records {

RecordsService::RecordsService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                               telemetry::Metrics& metrics, engine::OnFailure on_failure,
                               engine::Decide decide)
    : worker_({.service = "records",
               .queue = std::string(contract::kRecordsQueue),
               .decide = std::move(decide)},
              bus, std::move(store), metrics, std::move(on_failure)) {}

void RecordsService::serve_classic(const ingress::Ingress::Ways& ways,
                                   std::unique_ptr<ports::Queries> queries) {
    classic_.open(contract::kClassicInsertRecord,
                  ingress::read_by(contract::read_classic_insertion), ways);
    classic_.open(contract::kClassicDeleteRecord, ingress::read_by(contract::read_classic_removal),
                  ways);
    classic_.open(
        contract::kClassicReadDatabase,
        [shared = std::shared_ptr(std::move(queries))] {
            return list_records(
                [&](const ports::PageRequest& page) { return shared->records(page); });
        },
        ways);
}

void RecordsService::start() {
    worker_.start();
    classic_.start();
}

void RecordsService::stop() {
    worker_.request_stop();
    classic_.stop();
    worker_.stop();
}

std::string RecordsService::trouble() const {
    auto trouble = worker_.trouble();
    return trouble.empty() ? classic_.trouble() : trouble;
}

}  // namespace stockroom::records
