#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "stockroom/base/uuid.hpp"
#include "stockroom/domain/state.hpp"
#include "stockroom/domain/statistics.hpp"
#include "stockroom/ports/error.hpp"

namespace stockroom::ports {

/// A level beside what the ledger and the open holds say of it. Also given for a ledger sum or held
/// lines without a level (then `exists` is false).
struct LevelAudit {
    std::string sku;
    std::string location;
    bool exists = true;
    std::int64_t on_hand = 0;
    std::int64_t held = 0;
    std::int64_t version = 0;
    std::int64_t moved = 0;       // Σ movements
    std::int64_t open_lines = 0;  // Σ what lines of pending and committed holds still hold
};

struct HoldLineAudit {
    std::string hold;
    std::string sku;
    std::string location;
    std::string state;  // the hold's
    std::int64_t quantity = 0;
    std::int64_t posted = 0;
    std::int64_t voided = 0;
    std::string order_state;   // of the order that it belongs to; empty: to none
    std::int64_t ordered = 0;  // Σ the order's lines of this SKU
    std::int64_t shipped = 0;  // what the ledger says left for the order, of SKU and location
};

struct OrderLineAudit {
    std::string order;
    std::string sku;
    std::int64_t quantity = 0;
    std::int64_t unit_price = 0;  // minor units
    std::int64_t returned = 0;
    std::int64_t allocated = 0;  // Σ the quantities of its hold's lines of this SKU
    std::int64_t came_back = 0;  // what the ledger says came back from the order, of this SKU
};

/// An order beside what is kept of it elsewhere.
struct OrderAudit {
    std::string order;
    std::string state;
    std::int64_t version = 0;
    std::int64_t execution_price = 0;  // minor units
    std::string hold_state;            // empty: it has no hold
    std::int64_t ordered = 0;          // Σ its lines
    std::int64_t returned = 0;         // Σ its lines
    std::int64_t hold_quantity = 0;    // Σ its hold's lines
    std::int64_t posted = 0;
    std::int64_t voided = 0;
};

/// One line of the log, without its data.
struct EventAudit {
    std::int64_t position = 0;
    std::string type;
    std::string key;
    std::int64_t version = 0;
    bool has_actor = false;
    bool has_outcome = false;  // its command's outcome is stored, or it has no command
};

/// A row whose versions the log tells, too: an item, a location, a record, or a dead letter that has
/// come.
struct VersionAudit {
    std::string key;  // as in the log: "item/IB1"
    std::int64_t version = 0;
};

/// A minute of the order statistics: what is kept of all orders that were created up to its end,
/// beside what a count of them gives. Every minute that has a row or orders.
struct StatisticsAudit {
    std::int64_t minute = 0;  // since 1970
    bool exists = true;       // it has a row
    domain::OrderTotals kept;
    domain::OrderTotals counted;
};

/// Everything that an audit compares, read in one snapshot of a live store that no writer waits
/// for. Raw rows: what a row holds may be anything, so nothing is parsed here.
class AuditSource {
  public:
    virtual ~AuditSource() = default;

    /// Call each once, in any order; each gives all its rows in key order (the log by position).
    [[nodiscard]] virtual std::expected<void, Error> levels(
        const std::function<void(const LevelAudit&)>& visit) = 0;
    [[nodiscard]] virtual std::expected<void, Error> hold_lines(
        const std::function<void(const HoldLineAudit&)>& visit) = 0;
    /// By order, then line.
    [[nodiscard]] virtual std::expected<void, Error> order_lines(
        const std::function<void(const OrderLineAudit&)>& visit) = 0;
    [[nodiscard]] virtual std::expected<void, Error> orders(
        const std::function<void(const OrderAudit&)>& visit) = 0;
    [[nodiscard]] virtual std::expected<void, Error> versions(
        const std::function<void(const VersionAudit&)>& visit) = 0;
    [[nodiscard]] virtual std::expected<void, Error> statistics(
        const std::function<void(const StatisticsAudit&)>& visit) = 0;
    [[nodiscard]] virtual std::expected<void, Error> events(
        const std::function<void(const EventAudit&)>& visit) = 0;
    /// The position that the log's head claims.
    [[nodiscard]] virtual std::expected<std::int64_t, Error> log_head() = 0;
};

}  // namespace stockroom::ports
