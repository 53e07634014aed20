#pragma once

#include <memory>
#include <string>

#include "stockroom/engine/worker.hpp"
#include "stockroom/ingress/classic_queues.hpp"
#include "stockroom/ports/queries.hpp"

namespace stockroom::records {

/// Inserts, replaces and deletes records: a name and a section under an SRN.
class RecordsService {
  public:
    /// REQUIRES: bus and metrics outlive it.
    RecordsService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                   telemetry::Metrics& metrics, engine::OnFailure on_failure = {},
                   engine::Decide decide = domain::decide);

    /// Takes what comes by the classic queues insert_record and delete_record, and answers
    /// read_database, too. Call before start().
    void serve_classic(const ingress::Ingress::Ways& ways, std::unique_ptr<ports::Queries> queries);

    /// Call once.
    void start();
    /// Finishes what is under way. The destructor does so too.
    void stop();
    /// Empty while it works; else what is wrong, for /readyz.
    [[nodiscard]] std::string trouble() const;

  private:
    engine::Worker worker_;
    ingress::ClassicQueues classic_;
};

}  // namespace stockroom::records
