#pragma once

#include <memory>
#include <span>

#include "stockroom/ports/store.hpp"

#include "connection.hpp"
#include "load.hpp"
#include "turns.hpp"
#include "write.hpp"

namespace stockroom::store_sqlite {

class SqliteTransaction;

/// Batches one at a time: among the Stores of one database by Turns, among processes by SQLite's
/// own lock. REQUIRES: outlives its transactions; at most one is under way.
class SqliteStore final : public ports::Store {
  public:
    SqliteStore(std::unique_ptr<Connection> connection, std::shared_ptr<Turns> turns);

    [[nodiscard]] std::expected<std::unique_ptr<ports::Transaction>, ports::Error> begin(
        std::span<const base::Uuid> commands, const domain::Keys& keys,
        base::Deadline deadline) override;

  private:
    friend class SqliteTransaction;
    class Turn;
    [[nodiscard]] Expected<Turn> take_turn(base::Deadline deadline);
    [[nodiscard]] Expected<void> commit(Loaded& loaded, const ports::Commit& commit);
    /// Undoes what is not committed.
    void end() noexcept;

    std::unique_ptr<Connection> connection_;
    std::shared_ptr<Turns> turns_;
    Loader loader_;
    Writer writer_;
    Statement begin_;
    Statement commit_;
};

}  // namespace stockroom::store_sqlite
