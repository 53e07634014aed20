#pragma once

#include <memory>
#include <string>

#include "stockroom/ingress/ingress.hpp"
#include "stockroom/ports/queries.hpp"

namespace stockroom::records {

/// The classic queues of records: insert_record and delete_record, whose messages become commands,
/// and read_database, whose questions are answered with all records.
class ClassicRecords {
  public:
    /// REQUIRES: what the ways lead to outlives it.
    ClassicRecords(ingress::Ingress::Ways ways, std::unique_ptr<ports::Queries> queries);

    /// Call once.
    void start();
    /// Finishes what is under way. The destructor does so too.
    void stop();
    /// Empty while they work; else what is wrong, for /readyz.
    [[nodiscard]] std::string trouble() const;

  private:
    std::unique_ptr<ports::Queries> queries_;
    ingress::Ingress insertions_;
    ingress::Ingress removals_;
    ingress::Ingress questions_;
};

/// All records, as contract::ClassicRecords writes them. Errors: as the store's, and permanent when
/// they are too many for one message.
[[nodiscard]] std::expected<std::string, ports::Error> read_all_records(ports::Queries& queries);

}  // namespace stockroom::records
