#pragma once

#include "stockroom/domain/snapshot.hpp"
#include "stockroom/ports/store.hpp"

#include "connection.hpp"
#include "load.hpp"

namespace stockroom::store_sqlite {

/// Writes what a batch has changed.
/// REQUIRES: the transaction that loaded it.
class Writer {
  public:
    explicit Writer(Connection& connection);

    [[nodiscard]] Expected<void> write(Loaded& loaded, const ports::Commit& commit);

  private:
    void write_item(const domain::Tracked<domain::Item>& item);
    void write_level(const domain::Tracked<domain::Level>& level);
    void write_location(const domain::Tracked<domain::Location>& location);
    void write_order(Loaded& loaded, const domain::Tracked<domain::Order>& order);
    void write_hold(Loaded& loaded, const domain::Tracked<domain::Hold>& hold);
    void write_statistics(const domain::Snapshot& snapshot);
    void write_record(const domain::Tracked<domain::Record>& record);
    void write_dead_letter(const domain::Tracked<domain::DeadLetter>& letter);
    void write_parts(const ports::Commit& commit);
    void write_facts(LogHead& head, const ports::Commit& commit);
    /// One row was there and was changed.
    template <typename... Values>
    void update(Statement& statement, const Values&... values);

    Connection& connection_;
    Statement insert_item_;
    Statement update_item_;
    Statement item_name_;
    Statement insert_words_;
    Statement delete_words_;
    Statement insert_level_;
    Statement update_level_;
    Statement insert_location_;
    Statement update_location_;
    Statement insert_order_;
    Statement update_order_;
    Statement insert_order_line_;
    Statement update_order_line_;
    Statement insert_hold_;
    Statement update_hold_;
    Statement insert_hold_line_;
    Statement update_hold_line_;
    Statement insert_record_;
    Statement update_record_;
    Statement insert_movement_;
    Statement insert_outcome_;
    Statement insert_dead_;
    Statement insert_dead_letter_;
    Statement update_dead_letter_;
    Statement insert_event_;
    Statement put_part_;
    Statement put_incident_;
    Statement start_minute_;
    Statement count_orders_;
    Statement update_head_;
};

}  // namespace stockroom::store_sqlite
