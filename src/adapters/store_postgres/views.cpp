#include "views.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

#include "stockroom/store_format/cursor.hpp"
#include "stockroom/store_format/states.hpp"

namespace stockroom::store_postgres {

using namespace store_format;

namespace {

/// Up to the separator, which is removed too, or to the end.
std::string_view take_until(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    const auto taken = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return taken;
}

/// Lines of a text column that string_agg made: "\n" between lines, "\t" between fields. SKUs,
/// codes and numbers hold neither.
class Lines {
  public:
    explicit Lines(std::string_view text) : rest_(text) {}
    /// Whether there is another line.
    [[nodiscard]] bool next();
    // The next field of the present line.
    [[nodiscard]] std::string_view text();
    [[nodiscard]] std::int64_t integer();  // 0, and broken, when it is none
    /// Whether a field was not there, or no number.
    [[nodiscard]] bool broken() const { return broken_; }

  private:
    std::string_view rest_;
    std::string_view line_;
    bool has_field_ = false;
    bool broken_ = false;
};

bool Lines::next() {
    if (rest_.empty()) return false;
    line_ = take_until(rest_, '\n');
    has_field_ = true;
    return true;
}

std::string_view Lines::text() {
    if (!has_field_) {
        broken_ = true;
        return {};
    }
    has_field_ = line_.contains('\t');
    return take_until(line_, '\t');
}

std::int64_t Lines::integer() {
    const auto number = parse_number(text());
    if (!number) broken_ = true;
    return number.value_or(0);
}

std::optional<std::vector<domain::OrderLine>> read_order_lines(Connection& connection,
                                                               std::string_view text) {
    std::vector<domain::OrderLine> order_lines;
    for (Lines lines(text); lines.next();) {
        auto sku = domain::Sku::parse(lines.text());
        const auto quantity = lines.integer();
        const auto unit_price = base::Money::from_minor(lines.integer());
        const auto returned = lines.integer();
        if (!sku || lines.broken()) {
            connection.fail_corrupt("a row of order_lines");
            return std::nullopt;
        }
        order_lines.push_back({.sku = *std::move(sku),
                               .quantity = quantity,
                               .unit_price = unit_price,
                               .returned = returned});
    }
    return order_lines;
}

std::optional<std::vector<domain::HoldLine>> read_hold_lines(Connection& connection,
                                                             std::string_view text) {
    std::vector<domain::HoldLine> hold_lines;
    for (Lines lines(text); lines.next();) {
        auto sku = domain::Sku::parse(lines.text());
        auto code = domain::LocationCode::parse(lines.text());
        const auto quantity = lines.integer();
        const auto posted = lines.integer();
        const auto voided = lines.integer();
        if (!sku || !code || lines.broken()) {
            connection.fail_corrupt("a row of hold_lines");
            return std::nullopt;
        }
        hold_lines.push_back({.sku = *std::move(sku),
                              .location = *std::move(code),
                              .quantity = quantity,
                              .posted = posted,
                              .voided = voided});
    }
    return hold_lines;
}

}  // namespace

std::optional<domain::ItemView> read_item_view(Connection& connection, const Rows& rows) {
    auto item = read_item(connection, rows);
    if (!item) return std::nullopt;
    return domain::ItemView{
        .item = *std::move(item), .on_hand = rows.integer(9), .held = rows.integer(10)};
}

std::optional<domain::Movement> read_movement(Connection& connection, const domain::Sku& sku,
                                              const Rows& rows) {
    auto location = read_code(connection, rows, 1);
    const auto kind = parse_movement_kind(rows.text(2));
    if (!kind) connection.fail_corrupt("movements.kind");
    if (!location || !kind) return std::nullopt;
    return domain::Movement{.sku = sku,
                            .location = *std::move(location),
                            .kind = *kind,
                            .quantity = rows.integer(3),
                            .reason = rows.string(4),
                            .reference = rows.string(5),
                            .order = rows.optional_uuid(6),
                            .command = rows.uuid(7),
                            .actor = rows.string(8),
                            .at = rows.time(9)};
}

std::optional<domain::Hold> read_hold_view(Connection& connection, const Rows& rows, int column) {
    constexpr int kLines = 6;
    auto hold = read_hold(connection, rows, column);
    if (!hold) return std::nullopt;
    auto lines = read_hold_lines(connection, rows.text(column + kLines));
    if (!lines) return std::nullopt;
    hold->row.lines = *std::move(lines);
    return std::move(hold->row);
}

std::optional<domain::OrderView> read_order_view(Connection& connection, const Rows& rows) {
    constexpr int kLines = 11;
    constexpr int kHold = 12;
    auto order = read_order(connection, rows);
    if (!order) return std::nullopt;
    auto lines = read_order_lines(connection, rows.text(kLines));
    if (!lines) return std::nullopt;
    order->row.lines = *std::move(lines);
    domain::OrderView view{.order = std::move(order->row), .hold = std::nullopt};
    if (rows.is_null(kHold)) return view;
    view.hold = read_hold_view(connection, rows, kHold);
    if (!view.hold) return std::nullopt;
    return view;
}

std::vector<ports::LoggedEvent> read_events(Rows rows) {
    std::vector<ports::LoggedEvent> events;
    events.reserve(rows.size());
    while (rows.next())
        events.push_back({.position = rows.integer(0),
                          .event = {.type = rows.string(1),
                                    .key = rows.string(2),
                                    .version = rows.integer(3),
                                    .command = rows.optional_uuid(4),
                                    .actor = rows.string(5),
                                    .at = rows.time(6),
                                    .data = rows.string(7)}});
    return events;
}

}  // namespace stockroom::store_postgres
