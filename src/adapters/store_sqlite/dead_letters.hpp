#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stockroom/ports/queries.hpp"
#include "stockroom/store_format/cursor.hpp"

#include "connection.hpp"

namespace stockroom::store_sqlite {

/// Reads dead letters. What cannot be read is left out, and the connection says why.
class DeadLetterReader {
  public:
    explicit DeadLetterReader(Connection& connection);

    /// As Queries::dead_letters, of those before the key.
    [[nodiscard]] std::vector<domain::DeadLetter> list(const ports::DeadLetterFilter& filter,
                                                       const store_format::TimeAndId& before,
                                                       std::int64_t limit);
    [[nodiscard]] std::optional<domain::DeadLetter> find(const base::Uuid& id,
                                                         std::int64_t body_max);
    [[nodiscard]] std::vector<domain::DeadLetter> to_replay(std::int64_t limit);
    [[nodiscard]] std::int64_t count(domain::DeadLetterState state);

  private:
    [[nodiscard]] std::vector<domain::DeadLetter> read(Rows rows);

    Connection& connection_;
    Statement all_;
    Statement by_state_;
    Statement by_queue_;
    Statement by_queue_and_state_;
    Statement find_;
    Statement to_replay_;
    Statement count_;
};

}  // namespace stockroom::store_sqlite
