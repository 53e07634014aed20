#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/base/money.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/domain/command.hpp"

namespace stockroom {

/// What a file of invoices asks for, in the order in which it is to be done: all items, then the
/// invoices (examples/online-retail/README.md has the rules).
struct PlannedItem {
    domain::Sku sku;
    std::string name;  // the first description that is not blank; cut to kMaxNameLength
    base::Money price;
    std::size_t line = 0;  // where the SKU first stands
};

struct PlannedChange {
    domain::Sku sku;
    domain::Quantity quantity = 0;  // of a receipt: what comes in; of an adjustment: signed
    std::string reason;             // the line's description; cut to kMaxReasonLength
    std::size_t line = 0;
};

struct PlannedInvoice {
    std::string number;
    std::size_t line = 0;  // where it first stands
    bool is_credit_note = false;
    std::vector<PlannedChange> changes;      // receipts of a credit note, else adjustments; by line
    std::string customer;                    // the first that its lines name; may be empty
    std::vector<domain::OrderedLine> order;  // each SKU once, by first line; may be empty
};

struct ReplayPlan {
    base::Fingerprint file{};
    std::vector<PlannedItem> items;        // by first line
    std::vector<PlannedInvoice> invoices;  // by first line; their lines may be scattered
};

/// A cell that cannot be used.
struct BadCell {
    std::size_t line = 0;    // from 1
    std::size_t column = 0;  // from 1; 0: the row as a whole
    std::string detail;      // "must not be 0"
};

/// "line 3, column 4 (Quantity): must not be 0"
[[nodiscard]] std::string to_string(const BadCell& cell);

/// The bad cells of a file: all are counted, the first kKeptMax that are found are kept.
class BadCells {
  public:
    static constexpr std::size_t kKeptMax = 1000;

    void add(BadCell cell);
    void sort();  // by line, then column
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] const std::vector<BadCell>& kept() const { return kept_; }

  private:
    std::size_t count_ = 0;
    std::vector<BadCell> kept_;
};

/// Reads the whole file, and gives what is bad, sorted.
[[nodiscard]] std::expected<ReplayPlan, BadCells> read_replay_plan(std::string_view bytes);

/// A decimal price, in cents rounded half up where it is above zero; else zero.
struct PriceCell {
    bool is_positive = false;
    base::Money rounded;
};
/// The error says what is wrong: "must be a decimal number like 2.55".
[[nodiscard]] std::expected<PriceCell, std::string> read_price(std::string_view text);

}  // namespace stockroom
