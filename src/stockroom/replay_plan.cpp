#include "replay_plan.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "replay_cells.hpp"

namespace stockroom {

namespace {

/// Puts the rows together into items and invoices.
class Planner {
  public:
    explicit Planner(base::Fingerprint file) { plan_.file = file; }

    void add(const ReplayRow& row) {
        add_to_item(row);
        PlannedInvoice& invoice = invoice_of(row);
        if (invoice.customer.empty()) invoice.customer = row.customer;
        if (invoice.is_credit_note) {
            if (row.quantity < 0) add_change(invoice, row, -row.quantity);
        } else if (row.quantity < 0 || !row.price.is_positive) {
            add_change(invoice, row, row.quantity);
        } else {
            rows_of_orders_.push_back(
                {row.line, invoice_index_.at(row.invoice), row.sku, row.quantity});
        }
    }

    /// Orders can be summed and priced only now that all rows have been seen.
    [[nodiscard]] ReplayPlan finish(BadCells& bad) {
        std::vector<Totals> totals(plan_.invoices.size());
        for (const OrderRow& row : rows_of_orders_)
            add_to_order(row, totals[row.invoice], bad);
        return std::move(plan_);
    }

  private:
    struct OrderRow {
        std::size_t line;
        std::size_t invoice;
        domain::Sku sku;
        domain::Quantity quantity;
    };
    struct Totals {
        std::unordered_map<domain::Sku, std::size_t> position;
        base::Money price;
    };

    void add_to_item(const ReplayRow& row) {
        const auto [entry, is_first] = item_index_.try_emplace(row.sku, plan_.items.size());
        if (is_first) {
            plan_.items.push_back({.sku = row.sku, .name = {}, .price = {}, .line = row.line});
            is_priced_.push_back(false);
        }
        PlannedItem& item = plan_.items[entry->second];
        if (item.name.empty()) item.name = cut_text(row.description, domain::kMaxNameLength);
        if (!is_priced_[entry->second] && row.price.is_positive) {
            item.price = row.price.rounded;
            is_priced_[entry->second] = true;
        }
    }

    PlannedInvoice& invoice_of(const ReplayRow& row) {
        const auto [entry, is_first] =
            invoice_index_.try_emplace(row.invoice, plan_.invoices.size());
        if (is_first)
            plan_.invoices.push_back({.number = row.invoice,
                                      .line = row.line,
                                      .is_credit_note = row.invoice.starts_with('C'),
                                      .changes = {},
                                      .customer = {},
                                      .order = {}});
        return plan_.invoices[entry->second];
    }

    static void add_change(PlannedInvoice& invoice, const ReplayRow& row,
                           domain::Quantity quantity) {
        invoice.changes.push_back({.sku = row.sku,
                                   .quantity = quantity,
                                   .reason = cut_text(row.description, domain::kMaxReasonLength),
                                   .line = row.line});
    }

    void add_to_order(const OrderRow& row, Totals& totals, BadCells& bad) {
        const auto refuse = [&](ReplayColumn column, std::string detail) {
            bad.add({row.line, static_cast<std::size_t>(column) + 1, std::move(detail)});
        };
        std::vector<domain::OrderedLine>& order = plan_.invoices[row.invoice].order;
        const auto [entry, is_first] = totals.position.try_emplace(row.sku, order.size());
        if (is_first) order.push_back({row.sku, 0});
        if (order.size() == domain::kMaxOrderLines + 1 && is_first)
            refuse(
                ReplayColumn::stock_code,
                fmt::format("the invoice orders more than {} stock codes", domain::kMaxOrderLines));

        domain::Quantity& quantity = order[entry->second].quantity;
        if (row.quantity > domain::kMaxQuantity - quantity)
            return refuse(ReplayColumn::quantity,
                          fmt::format("the invoice orders more than {} of this stock code",
                                      domain::kMaxQuantity));
        quantity += row.quantity;

        const auto amount = plan_.items[item_index_.at(row.sku)].price.times(row.quantity);
        const auto price = amount ? totals.price.plus(*amount) : std::nullopt;
        if (!price)
            return refuse(ReplayColumn::unit_price,
                          "the invoice comes to more than the largest amount, "
                          "92233720368547758.07");
        totals.price = *price;
    }

    ReplayPlan plan_;
    std::vector<OrderRow> rows_of_orders_;
    std::unordered_map<domain::Sku, std::size_t> item_index_;
    std::vector<bool> is_priced_;
    std::unordered_map<std::string, std::size_t> invoice_index_;
};

/// The first row, which must be the header to the letter.
std::optional<BadCell> check_header(CsvReader& reader) {
    const std::string wanted =
        fmt::format("the file must begin with {}", fmt::join(kReplayColumns, ","));
    const auto header = reader.next();
    if (!header) return BadCell{1, 0, wanted};
    if (!*header) {
        const CsvError& error = header->error();
        return BadCell{error.line, error.column, error.detail + "; " + wanted};
    }
    const std::vector<CsvField>& fields = (*header)->fields;
    const std::size_t count = std::size(kReplayColumns);
    for (std::size_t i = 0; i < std::min(fields.size(), count); ++i)
        if (fields[i].text != kReplayColumns[i]) return BadCell{fields[i].line, i + 1, wanted};
    if (fields.size() != count)
        return BadCell{(*header)->line, std::min(fields.size(), count) + 1, wanted};
    return std::nullopt;
}

}  // namespace

void BadCells::add(BadCell cell) {
    ++count_;
    if (kept_.size() < kKeptMax) kept_.push_back(std::move(cell));
}

void BadCells::sort() {
    std::ranges::sort(kept_, {},
                      [](const BadCell& cell) { return std::pair(cell.line, cell.column); });
}

std::string to_string(const BadCell& cell) {
    std::string text = fmt::format("line {}", cell.line);
    if (cell.column > 0) text += fmt::format(", column {}", cell.column);
    if (cell.column > 0 && cell.column <= std::size(kReplayColumns))
        text += fmt::format(" ({})", kReplayColumns[cell.column - 1]);
    return text + ": " + cell.detail;
}

std::expected<ReplayPlan, BadCells> read_replay_plan(std::string_view bytes) {
    CsvReader reader(bytes);
    BadCells bad;
    if (auto wrong = check_header(reader)) {
        bad.add(std::move(*wrong));
        return std::unexpected(std::move(bad));
    }
    Planner planner(base::fingerprint_of(bytes));
    while (auto row = reader.next()) {
        if (!*row) {
            bad.add({row->error().line, row->error().column, row->error().detail});
        } else if (const auto good = read_replay_row(std::move(**row), bad)) {
            planner.add(*good);
        }
    }
    ReplayPlan plan = planner.finish(bad);
    if (bad.count() == 0) return plan;
    bad.sort();
    return std::unexpected(std::move(bad));
}

}  // namespace stockroom
