#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "stockroom/ports/store.hpp"

#include "connection.hpp"
#include "load.hpp"
#include "write.hpp"

namespace stockroom::store_postgres {

class PostgresTransaction;

/// Batches on one connection; the Stores of all processes wait for each other by row locks.
/// REQUIRES: outlives its transactions; at most one is under way.
class PostgresStore final : public ports::Store {
  public:
    explicit PostgresStore(Target target);

    [[nodiscard]] std::expected<std::unique_ptr<ports::Transaction>, ports::Error> begin(
        std::span<const base::Uuid> commands, const domain::Keys& keys,
        base::Deadline deadline) override;

    [[nodiscard]] const Connection& connection() const { return connection_; }

  private:
    friend class PostgresTransaction;
    class Turn;
    [[nodiscard]] Expected<void> commit(Loaded& loaded, const ports::Commit& commit);

    Connection connection_;
    Loader loader_;
    Writer writer_;
    bool makes_orders_ = false;  // the batch before has
};

}  // namespace stockroom::store_postgres
