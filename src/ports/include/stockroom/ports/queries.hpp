#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stockroom/base/uuid.hpp"
#include "stockroom/domain/dead_letter.hpp"
#include "stockroom/domain/health.hpp"
#include "stockroom/domain/state.hpp"
#include "stockroom/domain/statistics.hpp"
#include "stockroom/ports/error.hpp"
#include "stockroom/ports/store.hpp"

namespace stockroom::ports {

/// One page of a list that is sorted by a key. `next` is what to ask for to go on, empty at the
/// end; its text is the adapter's own, bounded and printable.
template <typename Row>
struct Page {
    std::vector<Row> rows;
    std::string next;
};

inline constexpr std::size_t kMaxPageSize = 500;
/// A page of orders ends early once it has so many lines of orders and holds.
inline constexpr std::size_t kMaxPageLines = 20'000;

struct PageRequest {
    std::string cursor;      // a `next`, or empty for the first page
    std::size_t limit = 50;  // 1 to kMaxPageSize
};

/// Asked for with a cursor that no page gave.
struct BadCursor {};

template <typename Row>
using PageResult = std::expected<Page<Row>, std::variant<BadCursor, Error>>;

struct ItemFilter {
    std::string prefix;      // of the SKU, or of any word of the name; case does not matter (ASCII)
    std::string label;       // the whole label
    bool low_stock = false;  // available ≤ reorder_point
};

struct OrderFilter {
    std::string customer;
    std::optional<domain::OrderState> state;
    std::optional<base::Time> since;  // created then or later
};

/// From `since` on, and before `until`; each is taken as the start of its minute, so that spans
/// that meet count nothing twice. Empty: from the first order, to the last.
struct OrderSpan {
    std::optional<base::Time> since;
    std::optional<base::Time> until;
    /// So long before the store's clock, instead of `since`.
    std::optional<std::chrono::seconds> window;
};

struct OrderStatistics {
    std::optional<base::Time> since;  // what was counted from and to: the starts of minutes
    std::optional<base::Time> until;
    domain::OrderTotals totals;
};

struct DeadLetterFilter {
    std::optional<domain::DeadLetterState> state;
    std::string queue;  // where it came from, the whole name
};
/// So much of each body, in bytes, is read for a list.
inline constexpr std::size_t kListedBodyMax = 1'000;

/// Why an item's available is what it is.
struct ItemStock {
    domain::ItemView item;
    std::vector<domain::Level> levels;  // by location code
    std::vector<domain::Hold> holds;  // open ones, with only their lines of this SKU; oldest first
    bool more_holds = false;          // there are more than kMaxPageSize
};

struct LoggedEvent {
    std::int64_t position = 0;
    EventRecord event;
};

/// Reads of what is committed. One thread owns each; it may block. Retired items are left out of
/// lists and not found by SKU, but their ledger is.
class Queries {
  public:
    virtual ~Queries() = default;

    template <typename T>
    using Result = std::expected<T, Error>;

    [[nodiscard]] virtual Result<std::optional<domain::ItemView>> item(const domain::Sku& sku) = 0;
    [[nodiscard]] virtual PageResult<domain::ItemView> items(const ItemFilter& filter,
                                                             const PageRequest& page) = 0;
    [[nodiscard]] virtual Result<std::optional<ItemStock>> stock(const domain::Sku& sku) = 0;
    /// Newest first. Empty page when the SKU never existed.
    [[nodiscard]] virtual PageResult<domain::Movement> movements(const domain::Sku& sku,
                                                                 const PageRequest& page) = 0;
    /// By priority, then code.
    [[nodiscard]] virtual PageResult<domain::Location> locations(const PageRequest& page) = 0;

    [[nodiscard]] virtual Result<std::optional<domain::OrderView>> order(const base::Uuid& id) = 0;
    /// Newest first.
    [[nodiscard]] virtual PageResult<domain::OrderView> orders(const OrderFilter& filter,
                                                               const PageRequest& page) = 0;

    /// Of the orders that were created in the span. Reads two rows, however many orders there are.
    [[nodiscard]] virtual Result<OrderStatistics> order_statistics(const OrderSpan& span) = 0;

    /// Empty when there is none, or when it is deleted.
    [[nodiscard]] virtual Result<std::optional<domain::Record>> record(const domain::Srn& srn) = 0;
    /// By SRN, without deleted ones.
    [[nodiscard]] virtual PageResult<domain::Record> records(const PageRequest& page) = 0;

    [[nodiscard]] virtual Result<std::optional<StoredOutcome>> outcome(const base::Uuid& id) = 0;

    /// Newest first, by when they came last; one that comes again meanwhile may be missed, or seen
    /// twice. With the first kListedBodyMax bytes of each body.
    [[nodiscard]] virtual PageResult<domain::DeadLetter> dead_letters(
        const DeadLetterFilter& filter, const PageRequest& page) = 0;
    /// With the first `body_max` bytes of its body.
    [[nodiscard]] virtual Result<std::optional<domain::DeadLetter>> dead_letter(
        const base::Uuid& id, std::size_t body_max) = 0;
    /// Those that are to be replayed, without their bodies; what came longest ago first.
    [[nodiscard]] virtual Result<std::vector<domain::DeadLetter>> letters_to_replay(
        std::size_t limit) = 0;
    /// How many there are in this state.
    [[nodiscard]] virtual Result<std::int64_t> count_dead_letters(
        domain::DeadLetterState state) = 0;

    /// Orders whose holds are due by the store's clock, earliest first, with that expiry.
    struct DueOrder {
        base::Uuid order;
        base::Time expires_at;
    };
    [[nodiscard]] virtual Result<std::vector<DueOrder>> due_orders(std::size_t limit) = 0;

    /// The last change of each part, by name. `was` and `cause` are not kept: up, and empty.
    [[nodiscard]] virtual Result<std::vector<domain::PartChange>> parts() = 0;
    /// Newest first.
    [[nodiscard]] virtual PageResult<domain::Incident> incidents(const PageRequest& page) = 0;

    /// The log after a position, in order, without a gap: whoever asks from the last position it
    /// got misses nothing, however many writers commit.
    [[nodiscard]] virtual Result<std::vector<LoggedEvent>> events_after(std::int64_t position,
                                                                        std::size_t limit) = 0;
    /// The position of the log's last line; 0: it has none.
    [[nodiscard]] virtual Result<std::int64_t> log_head() = 0;
};

}  // namespace stockroom::ports
