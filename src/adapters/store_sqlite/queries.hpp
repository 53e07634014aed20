#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "stockroom/ports/queries.hpp"
#include "stockroom/store_format/incidents.hpp"

#include "connection.hpp"
#include "dead_letters.hpp"
#include "rows.hpp"

namespace stockroom::store_sqlite {

class SqliteQueries final : public ports::Queries {
  public:
    explicit SqliteQueries(std::unique_ptr<Connection> connection);

    Result<std::optional<domain::ItemView>> item(const domain::Sku& sku) override;
    ports::PageResult<domain::ItemView> items(const ports::ItemFilter& filter,
                                              const ports::PageRequest& page) override;
    Result<std::optional<ports::ItemStock>> stock(const domain::Sku& sku) override;
    ports::PageResult<domain::Movement> movements(const domain::Sku& sku,
                                                  const ports::PageRequest& page) override;
    ports::PageResult<domain::Location> locations(const ports::PageRequest& page) override;
    Result<std::optional<domain::OrderView>> order(const base::Uuid& id) override;
    ports::PageResult<domain::OrderView> orders(const ports::OrderFilter& filter,
                                                const ports::PageRequest& page) override;
    Result<ports::OrderStatistics> order_statistics(const ports::OrderSpan& span) override;
    Result<std::optional<domain::Record>> record(const domain::Srn& srn) override;
    ports::PageResult<domain::Record> records(const ports::PageRequest& page) override;
    Result<std::optional<ports::StoredOutcome>> outcome(const base::Uuid& id) override;
    ports::PageResult<domain::DeadLetter> dead_letters(const ports::DeadLetterFilter& filter,
                                                       const ports::PageRequest& page) override;
    Result<std::optional<domain::DeadLetter>> dead_letter(const base::Uuid& id,
                                                          std::size_t body_max) override;
    Result<std::vector<domain::DeadLetter>> letters_to_replay(std::size_t limit) override;
    Result<std::int64_t> count_dead_letters(domain::DeadLetterState state) override;
    Result<std::vector<DueOrder>> due_orders(std::size_t limit) override;
    Result<std::vector<domain::PartChange>> parts() override;
    ports::PageResult<domain::Incident> incidents(const ports::PageRequest& page) override;
    Result<std::vector<ports::LoggedEvent>> events_after(std::int64_t position,
                                                         std::size_t limit) override;
    Result<std::int64_t> log_head() override;

  private:
    class ReadTransaction;
    [[nodiscard]] std::optional<domain::ItemView> read_item_view(const domain::Sku& sku);
    [[nodiscard]] ports::Page<domain::ItemView> read_items(Rows skus, bool low_stock,
                                                           std::size_t limit);
    /// Of all orders before this minute.
    [[nodiscard]] domain::OrderTotals read_totals_before(std::int64_t minute);
    [[nodiscard]] base::Time read_clock();
    void read_open_holds(ports::ItemStock& stock);
    [[nodiscard]] std::optional<domain::Movement> read_movement(const domain::Sku& sku,
                                                                const Rows& rows);

    std::unique_ptr<Connection> connection_;
    RowReader rows_;
    DeadLetterReader dead_letters_;
    Statement begin_;
    Statement end_;
    Statement item_view_;
    Statement skus_;
    Statement skus_by_label_;
    Statement skus_by_prefix_;
    Statement open_holds_;
    Statement movements_;
    Statement locations_;
    Statement orders_;
    Statement orders_by_customer_;
    Statement order_totals_;
    Statement records_;
    Statement due_orders_;
    store_format::IncidentReader<Connection, Statement> incidents_;
    Statement events_;
    Statement log_head_;
    Statement clock_;
};

}  // namespace stockroom::store_sqlite
