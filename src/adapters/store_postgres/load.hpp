#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "stockroom/domain/snapshot.hpp"
#include "stockroom/ports/store.hpp"

#include "connection.hpp"
#include "rows.hpp"

namespace stockroom::store_postgres {

/// What a batch has loaded, and what it needs to know to write it back.
struct Loaded {
    explicit Loaded(base::Time now) : snapshot(now) {}

    domain::Snapshot snapshot;
    std::vector<ports::StoredOutcome> outcomes;
    std::unordered_map<base::Uuid, std::int64_t> order_numbers;
    std::unordered_map<base::Uuid, std::int64_t> hold_numbers;
    std::deque<std::int64_t> new_numbers;  // for what the batch makes
    std::int64_t locations_version = 0;
};

/// Loads what domain::Snapshot says, all in one round trip: locks the orders by id, then the items
/// by SKU, and reads the rest when it has them. An order's lock covers its lines and its hold; an
/// item's covers its levels, which exist only for items, so that retiring, repricing and a first
/// receipt at a location wait for each other too. Records are locked by SRN,
/// dead letters by id.
/// When holds turn out to be due on these SKUs, it lets go of all locks and starts again with their
/// orders and SKUs among the keys, so that locks are always taken in key order. When more than
/// kMaxDueHolds are due in the whole store (or than have kMaxDueLines lines), it takes the first of
/// them whatever their SKUs, so that a store that was left alone for long is tidied in a few
/// rounds, each bounded.
class Loader {
  public:
    static constexpr std::int64_t kMaxDueHolds = 1'000;
    static constexpr std::int64_t kMaxDueLines = 20'000;

    explicit Loader(Connection& connection);

    /// Starts a transaction. REQUIRES: none is under way. `numbers`: how many it will make, as far
    /// as that can be told.
    [[nodiscard]] Expected<Loaded> load(std::span<const base::Uuid> commands,
                                        const domain::Keys& keys, std::int64_t numbers,
                                        base::Deadline deadline);

  private:
    using Skus = std::unordered_set<std::string_view>;

    /// What one attempt locks. The clock is read by the first.
    struct Wanted {
        std::vector<base::Uuid> orders;  // sorted, as the next two
        std::vector<base::Uuid> holds;   // that belong to no order
        std::vector<domain::Sku> skus;
        std::vector<base::Uuid> dead_letters;
        std::optional<base::Time> now;
        /// Nothing that holds could be due on.
        [[nodiscard]] bool empty() const { return orders.empty() && holds.empty() && skus.empty(); }
    };
    struct Head {
        base::Time now;
        std::int64_t locations_version = 0;
    };
    /// A hold that is due, with its order's id or else its own, and its lines' SKUs.
    struct Due {
        base::Uuid id;
        bool is_order = false;
        std::vector<domain::Sku> skus;
    };
    struct Found {
        std::vector<Numbered<domain::Order>> orders;
        std::vector<Numbered<domain::Hold>> holds;
        std::vector<domain::Item> items;
        std::vector<domain::Level> levels;
        std::vector<domain::Record> records;
        std::vector<domain::DeadLetter> dead_letters;
        std::vector<Due> due;  // earliest expiry first
        bool more_due = false;
    };

    void send(std::span<const base::Uuid> commands, const Wanted& wanted,
              std::span<const domain::Srn> records, std::int64_t numbers,
              std::int64_t lock_timeout);
    [[nodiscard]] Head receive_head();
    void receive_due(Found& found);
    void receive_orders(Found& found, const Wanted& wanted);
    void receive_stock(Found& found);
    void receive_records(Found& found);
    void receive_dead_letters(Found& found);
    /// Empty when more is wanted now, and when something went wrong.
    [[nodiscard]] std::optional<Loaded> receive(const domain::Keys& keys, Wanted& wanted,
                                                std::int64_t numbers, bool has_commands);
    /// Whether what is due on the SKUs that the batch names is among what is wanted; else it is
    /// from now on. Of the other SKUs of what expires nothing is asked, so one step is enough.
    [[nodiscard]] static bool has_due(const domain::Keys& keys, const Found& found, Wanted& wanted);
    [[nodiscard]] Loaded fill(const domain::Keys& keys, const Head& head, Found found) const;

    Connection& connection_;
    Statement begin_;
    Statement head_;
    Statement outcomes_;
    Statement dead_letters_;
    Statement due_;
    Statement lock_holds_;
    Statement orders_;
    Statement order_lines_;
    Statement holds_;
    Statement hold_lines_;
    Statement items_;
    Statement items_of_orders_;
    Statement levels_;
    Statement levels_of_orders_;
    Statement records_;
    Statement numbers_;
    std::vector<domain::Location> locations_;  // as of locations_version_
    std::int64_t locations_version_ = 0;
    std::uint64_t locations_session_ = 0;  // that read them
};

}  // namespace stockroom::store_postgres
