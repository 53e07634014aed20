#pragma once

#include "stockroom/ports/queries.hpp"

namespace stockroom::gateway {

/// For tests: a store with nothing in it, to override where there is something.
class EmptyQueries : public ports::Queries {
  public:
    Result<std::optional<domain::ItemView>> item(const domain::Sku&) override { return {}; }
    ports::PageResult<domain::ItemView> items(const ports::ItemFilter&,
                                              const ports::PageRequest&) override {
        return {};
    }
    Result<std::optional<ports::ItemStock>> stock(const domain::Sku&) override { return {}; }
    ports::PageResult<domain::Movement> movements(const domain::Sku&,
                                                  const ports::PageRequest&) override {
        return {};
    }
    ports::PageResult<domain::Location> locations(const ports::PageRequest&) override { return {}; }
    Result<std::optional<domain::OrderView>> order(const base::Uuid&) override { return {}; }
    ports::PageResult<domain::OrderView> orders(const ports::OrderFilter&,
                                                const ports::PageRequest&) override {
        return {};
    }
    Result<ports::OrderStatistics> order_statistics(const ports::OrderSpan&) override {
        return ports::OrderStatistics{};
    }
    Result<std::optional<domain::Record>> record(const domain::Srn&) override { return {}; }
    ports::PageResult<domain::Record> records(const ports::PageRequest&) override { return {}; }
    Result<std::optional<ports::StoredOutcome>> outcome(const base::Uuid&) override { return {}; }
    ports::PageResult<domain::DeadLetter> dead_letters(const ports::DeadLetterFilter&,
                                                       const ports::PageRequest&) override {
        return {};
    }
    Result<std::optional<domain::DeadLetter>> dead_letter(const base::Uuid&, std::size_t) override {
        return {};
    }
    Result<std::vector<domain::DeadLetter>> letters_to_replay(std::size_t) override { return {}; }
    Result<std::int64_t> count_dead_letters(domain::DeadLetterState) override { return 0; }
    Result<std::vector<DueOrder>> due_orders(std::size_t) override { return {}; }
    Result<std::vector<domain::PartChange>> parts() override { return {}; }
    ports::PageResult<domain::Incident> incidents(const ports::PageRequest&) override { return {}; }
    Result<std::vector<ports::LoggedEvent>> events_after(std::int64_t, std::size_t) override {
        return {};
    }
    Result<std::int64_t> log_head() override { return 0; }
};

}  // namespace stockroom::gateway
