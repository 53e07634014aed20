#pragma once

#include <memory>
#include <string>

#include "stockroom/engine/worker.hpp"

namespace stockroom::records {

/// Inserts, replaces and deletes records: a name and a section under an SRN.
class RecordsService {
  public:
    /// REQUIRES: bus and metrics outlive it.
    RecordsService(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                   telemetry::Metrics& metrics, engine::OnFailure on_failure = {},
                   engine::Decide decide = domain::decide);

    /// Call once.
    void start() { worker_.start(); }
    /// Finishes what is under way. The destructor does so too.
    void stop() { worker_.stop(); }
    /// Empty while it works; else what is wrong, for /readyz.
    [[nodiscard]] std::string trouble() const { return worker_.trouble(); }

  private:
    engine::Worker worker_;
};

}  // namespace stockroom::records
