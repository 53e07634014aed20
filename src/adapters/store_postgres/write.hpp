#pragma once

#include <cstddef>

#include "stockroom/domain/snapshot.hpp"
#include "stockroom/ports/store.hpp"

#include "connection.hpp"
#include "load.hpp"

namespace stockroom::store_postgres {

/// Writes what a batch has changed and commits it, in one round trip: each table once, however many
/// rows. Numbers that the loader has not fetched cost another.
/// REQUIRES: the transaction that loaded it.
class Writer {
  public:
    explicit Writer(Connection& connection);

    [[nodiscard]] Expected<void> commit(Loaded& loaded, const ports::Commit& commit);

  private:
    void number_new_rows(Loaded& loaded);
    void send_items(const domain::Snapshot& snapshot);
    void send_levels(const domain::Snapshot& snapshot);
    void send_locations(const domain::Snapshot& snapshot);
    void send_orders(const Loaded& loaded);
    void send_new_orders(const Loaded& loaded);
    void send_holds(const Loaded& loaded);
    void send_new_holds(const Loaded& loaded);
    void send_records(const domain::Snapshot& snapshot);
    void send_movements(const ports::Commit& commit);
    void send_outcomes(const ports::Commit& commit);
    void send_dead_letters(const domain::Snapshot& snapshot);
    void send_dead(const ports::Commit& commit);
    void send_parts(const ports::Commit& commit);
    /// Takes the log's head: last before the commit.
    void send_log(const Loaded& loaded, const ports::Commit& commit);
    /// REQUIRES: the log's head is taken.
    void send_statistics(const domain::Snapshot& snapshot);

    Connection& connection_;
    Statement insert_items_;
    Statement update_items_;
    Statement insert_levels_;
    Statement update_levels_;
    Statement insert_locations_;
    Statement update_locations_;
    Statement insert_orders_;
    Statement update_orders_;
    Statement insert_order_lines_;
    Statement update_order_lines_;
    Statement insert_holds_;
    Statement update_holds_;
    Statement insert_hold_lines_;
    Statement update_hold_lines_;
    Statement insert_records_;
    Statement update_records_;
    Statement insert_movements_;
    Statement insert_outcomes_;
    Statement insert_dead_;
    Statement insert_dead_letters_;
    Statement update_dead_letters_;
    Statement put_part_;
    Statement put_incident_;
    Statement insert_log_;
    Statement count_orders_;
    Statement numbers_;
    Statement commit_;
};

}  // namespace stockroom::store_postgres
