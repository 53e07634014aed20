#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "stockroom/ports/queries.hpp"
#include "stockroom/store_format/incidents.hpp"

#include "connection.hpp"
#include "dead_letters.hpp"

namespace stockroom::store_postgres {

/// Each read is one round trip, but for pages of more than 100 orders. What has taken five seconds
/// is given up as retryable.
class PostgresQueries final : public ports::Queries {
  public:
    explicit PostgresQueries(Target target);

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
    /// What `read` gives. A session that was lost since the last read, as when the server was
    /// restarted, costs no error: it is read again in a new one.
    template <typename Read>
    [[nodiscard]] auto reading(const Read& read) -> Expected<decltype(read())>;
    [[nodiscard]] ports::Page<domain::ItemView> read_items(const ports::ItemFilter& filter,
                                                           const std::string& after,
                                                           std::size_t limit);
    [[nodiscard]] std::optional<ports::ItemStock> read_stock(const domain::Sku& sku);
    [[nodiscard]] ports::Page<domain::OrderView> read_orders(const ports::OrderFilter& filter,
                                                             std::int64_t before,
                                                             std::size_t limit);

    Connection connection_;
    Statement begin_;
    Statement end_;
    Statement item_;
    Statement items_;
    Statement items_by_label_;
    Statement items_by_prefix_;
    Statement levels_;
    Statement open_holds_;
    Statement movements_;
    Statement locations_;
    Statement order_;
    Statement orders_;
    Statement orders_by_customer_;
    Statement order_statistics_;
    Statement record_;
    Statement records_;
    Statement outcome_;
    DeadLetterReader dead_letters_;
    Statement due_orders_;
    store_format::IncidentReader<Connection, Statement> incidents_;
    Statement events_;
    Statement log_head_;
};

}  // namespace stockroom::store_postgres
