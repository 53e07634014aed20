#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/domain/values.hpp"

#include "csv.hpp"
#include "replay_plan.hpp"

namespace stockroom {

enum class ReplayColumn : std::size_t {
    invoice,
    stock_code,
    description,
    quantity,
    date,
    unit_price,
    customer,
    country,
};
inline constexpr std::string_view kReplayColumns[] = {"InvoiceNo",  "StockCode",   "Description",
                                                      "Quantity",   "InvoiceDate", "UnitPrice",
                                                      "CustomerID", "Country"};

/// One row of the file, each cell in its form.
struct ReplayRow {
    std::size_t line = 0;
    std::string invoice;
    domain::Sku sku;
    std::string description;  // control characters are spaces; empty when it is blank
    domain::Quantity quantity = 0;
    PriceCell price;
    std::string customer;
};

/// Checks the row's form; adds what is bad to `bad`, and then gives nothing.
[[nodiscard]] std::optional<ReplayRow> read_replay_row(CsvRow row, BadCells& bad);

/// The text up to this many code points. REQUIRES: UTF-8.
[[nodiscard]] std::string cut_text(std::string_view text, std::size_t code_points_max);

}  // namespace stockroom
