#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "stockroom/domain/snapshot.hpp"
#include "stockroom/ports/store.hpp"

#include "connection.hpp"
#include "dead_letters.hpp"
#include "rows.hpp"

namespace stockroom::store_sqlite {

/// The one row of log_head.
struct LogHead {
    std::int64_t position = 0;
    std::int64_t number = 0;
    std::int64_t movement = 0;
    std::int64_t locations_version = 0;
    base::Time at;
};

/// What a batch has loaded, and what it needs to know to write it back.
struct Loaded {
    explicit Loaded(const LogHead& log_head, base::Time now) : head(log_head), snapshot(now) {}

    LogHead head;
    domain::Snapshot snapshot;
    std::vector<ports::StoredOutcome> outcomes;
    std::unordered_map<base::Uuid, std::int64_t> order_numbers;
    std::unordered_map<base::Uuid, std::int64_t> hold_numbers;
};

/// Loads what domain::Snapshot says. When more than kMaxDueHolds holds are due in the whole store
/// (or than have kMaxDueLines lines), it loads the first of them whatever their SKUs, so that a
/// store that was left alone for long is tidied in a few rounds, each bounded. REQUIRES: a
/// transaction that has the writer's lock.
class Loader {
  public:
    static constexpr std::size_t kMaxDueHolds = 1'000;
    static constexpr std::size_t kMaxDueLines = 20'000;

    explicit Loader(Connection& connection);

    [[nodiscard]] Expected<Loaded> load(std::span<const base::Uuid> commands,
                                        const domain::Keys& keys);

  private:
    using Skus = std::unordered_set<domain::Sku>;

    [[nodiscard]] LogHead read_head();
    void load_locations(Loaded& loaded);
    void load_order(Loaded& loaded, const base::Uuid& id, Skus& skus);
    /// By number, earliest expiry first.
    [[nodiscard]] std::vector<std::int64_t> find_due(Loaded& loaded, const Skus& skus);
    void load_due(Loaded& loaded, Skus& skus);
    void add_due(Loaded& loaded, std::int64_t number, domain::Hold hold, Skus& skus);
    void load_stock(Loaded& loaded, const Skus& skus);
    void load_records(Loaded& loaded, const domain::Keys& keys);
    void load_dead_letter(Loaded& loaded, const base::Uuid& id);

    Connection& connection_;
    RowReader rows_;
    DeadLetterReader dead_letters_;
    Statement head_;
    Statement due_;
    std::vector<domain::Location> locations_;  // as of locations_version_
    std::int64_t locations_version_ = 0;
};

}  // namespace stockroom::store_sqlite
