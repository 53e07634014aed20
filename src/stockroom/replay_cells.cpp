#include "replay_cells.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "stockroom/base/checked.hpp"
#include "stockroom/base/text.hpp"
#include "stockroom/base/time.hpp"

namespace stockroom {

namespace {

constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::expected<domain::Quantity, std::string> read_quantity(std::string_view text) {
    std::string_view digits = text;
    if (digits.starts_with('-')) digits.remove_prefix(1);
    if (digits.empty() || !all_digits(digits))
        return std::unexpected("must be a whole number like 6 or -6");
    domain::Quantity quantity = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quantity);
    if (error != std::errc() || quantity > domain::kMaxQuantity || quantity < -domain::kMaxQuantity)
        return std::unexpected(fmt::format("must be within ±{}", domain::kMaxQuantity));
    if (quantity == 0) return std::unexpected("must not be 0");
    return quantity;
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7F';
}

/// A description may span lines; a name cannot. Blank ones are empty.
std::string one_line(std::string text) {
    std::ranges::replace_if(text, is_control, ' ');
    return trim(text).empty() ? std::string() : text;
}

/// Texts that go out as they are: the server takes so many code points.
std::string trouble_with_text(std::string_view text, std::size_t code_points_max) {
    if (base::count_code_points(text) > code_points_max)
        return fmt::format("is longer than {} characters", code_points_max);
    return std::ranges::any_of(text, is_control) ? "has a control character" : "";
}

/// The cells of one row, and where to say what is wrong with them.
class Cells {
  public:
    Cells(CsvRow row, BadCells& bad) : row_(std::move(row)), bad_(bad), bad_before_(bad.count()) {}

    [[nodiscard]] const std::string& operator[](ReplayColumn column) const {
        return row_.fields[static_cast<std::size_t>(column)].text;
    }
    void refuse(ReplayColumn column, std::string detail) {
        const auto index = static_cast<std::size_t>(column);
        bad_.add({row_.fields[index].line, index + 1, std::move(detail)});
    }
    void refuse_where(ReplayColumn column, std::string detail) {
        if (!detail.empty()) refuse(column, std::move(detail));
    }
    /// Gives the value, or its place to the bad ones.
    template <typename Value>
    [[nodiscard]] Value take(ReplayColumn column, std::expected<Value, std::string> value) {
        if (value) return std::move(*value);
        refuse(column, std::move(value.error()));
        return Value{};
    }
    [[nodiscard]] bool all_good() const { return bad_.count() == bad_before_; }

  private:
    CsvRow row_;
    BadCells& bad_;
    std::size_t bad_before_;
};

bool has_right_shape(const CsvRow& row, BadCells& bad) {
    const std::size_t wanted = std::size(kReplayColumns);
    if (row.fields.size() != wanted) {
        const std::size_t at = std::min(row.fields.size(), wanted) + 1;
        bad.add({row.line, at,
                 fmt::format("the row has {} columns, not {}", row.fields.size(), wanted)});
        return false;
    }
    bool good = true;
    for (std::size_t i = 0; i < wanted; ++i) {
        if (base::is_utf8(row.fields[i].text)) continue;
        bad.add({row.fields[i].line, i + 1, "is not UTF-8"});
        good = false;
    }
    return good;
}

}  // namespace

std::expected<PriceCell, std::string> read_price(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    const std::string_view digits = text.substr(is_negative ? 1 : 0);
    const std::size_t point = digits.find('.');
    const std::string_view whole = digits.substr(0, point);
    const std::string_view decimals =
        point == std::string_view::npos ? "" : digits.substr(point + 1);
    const bool has_form = !whole.empty() && all_digits(whole) && all_digits(decimals) &&
                          (point == std::string_view::npos || !decimals.empty());
    if (!has_form) return std::unexpected("must be a decimal number like 2.55");

    const bool is_zero = digits.find_first_of("123456789") == std::string_view::npos;
    if (is_negative || is_zero) return PriceCell{};

    std::string two_decimals(decimals.substr(0, 2));
    two_decimals.resize(2, '0');
    auto price = base::Money::parse(fmt::format("{}.{}", whole, two_decimals));
    if (price && decimals.size() > 2 && decimals[2] >= '5')
        price = price->plus(base::Money::from_minor(1));
    if (!price) return std::unexpected("is more than the largest amount, 92233720368547758.07");
    return PriceCell{.is_positive = true, .rounded = *price};
}

std::optional<ReplayRow> read_replay_row(CsvRow row, BadCells& bad) {
    using Column = ReplayColumn;
    if (!has_right_shape(row, bad)) return std::nullopt;
    const std::size_t line = row.line;
    Cells cells(std::move(row), bad);

    const std::string& invoice = cells[Column::invoice];
    if (trim(invoice).empty()) {
        cells.refuse(Column::invoice, "must not be empty");
    } else {
        cells.refuse_where(Column::invoice,
                           trouble_with_text(invoice, domain::kMaxReferenceLength));
    }
    const auto sku = domain::Sku::parse(trim(cells[Column::stock_code]));
    if (!sku)
        cells.refuse(Column::stock_code,
                     "must be 1 to 64 printable ASCII characters, spaces around aside");
    const auto quantity = cells.take(Column::quantity, read_quantity(cells[Column::quantity]));
    if (!base::Time::parse(cells[Column::date]))
        cells.refuse(Column::date, "must be a time like 2010-12-01T08:26:00Z");
    const auto price = cells.take(Column::unit_price, read_price(cells[Column::unit_price]));
    cells.refuse_where(Column::customer,
                       trouble_with_text(cells[Column::customer], domain::kMaxCustomerLength));

    if (!cells.all_good()) return std::nullopt;
    return ReplayRow{.line = line,
                     .invoice = invoice,
                     .sku = *sku,
                     .description = one_line(cells[Column::description]),
                     .quantity = quantity,
                     .price = price,
                     .customer = std::string(trim(cells[Column::customer]))};
}

std::string cut_text(std::string_view text, std::size_t code_points_max) {
    std::size_t seen = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool begins_code_point = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
        if (begins_code_point && seen++ == code_points_max) return std::string(text.substr(0, at));
    }
    return std::string(text);
}

}  // namespace stockroom
