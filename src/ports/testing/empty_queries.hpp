#pragma once

#include "stockroom/ports/queries.hpp"

namespace stockroom::ports::testing {

/// A store with nothing in it, to override where there is something.
class EmptyQueries : public Queries {
  public:
    Result<std::optional<domain::ItemView>> item(const domain::Sku&) override { return {}; }
    PageResult<domain::ItemView> items(const ItemFilter&, const PageRequest&) override {
        return {};
    }
    Result<std::optional<ItemStock>> stock(const domain::Sku&) override { return {}; }
    PageResult<domain::Movement> movements(const domain::Sku&, const PageRequest&) override {
        return {};
    }
    PageResult<domain::Location> locations(const PageRequest&) override { return {}; }
    Result<std::optional<domain::OrderView>> order(const base::Uuid&) override { return {}; }
    PageResult<domain::OrderView> orders(const OrderFilter&, const PageRequest&) override {
        return {};
    }
    Result<OrderStatistics> order_statistics(const OrderSpan&) override {
        return OrderStatistics{};
    }
    Result<std::optional<domain::Record>> record(const domain::Srn&) override { return {}; }
    PageResult<domain::Record> records(const PageRequest&) override { return {}; }
    Result<std::optional<StoredOutcome>> outcome(const base::Uuid&) override { return {}; }
    PageResult<domain::DeadLetter> dead_letters(const DeadLetterFilter&,
                                                const PageRequest&) override {
        return {};
    }
    Result<std::optional<domain::DeadLetter>> dead_letter(const base::Uuid&, std::size_t) override {
        return {};
    }
    Result<std::vector<domain::DeadLetter>> letters_to_replay(std::size_t) override { return {}; }
    Result<std::int64_t> count_dead_letters(domain::DeadLetterState) override { return 0; }
    Result<std::vector<DueOrder>> due_orders(std::size_t) override { return {}; }
    Result<std::vector<domain::PartChange>> parts() override { return {}; }
    PageResult<domain::Incident> incidents(const PageRequest&) override { return {}; }
    Result<std::vector<LoggedEvent>> events_after(std::int64_t, std::size_t) override { return {}; }
    Result<std::int64_t> log_head() override { return 0; }
};

}  // namespace stockroom::ports::testing
