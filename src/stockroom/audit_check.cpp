#include "audit_check.hpp"

#include <chrono>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "stockroom/base/checked.hpp"
#include "stockroom/base/money.hpp"
#include "stockroom/contract/json.hpp"

#include "audit_log.hpp"

namespace stockroom {

namespace {

std::string key_of(const ports::LevelAudit& level) {
    return fmt::format("{} at {}", level.sku, level.location);
}

std::string key_of(const ports::HoldLineAudit& line) {
    return fmt::format("{} at {} of hold {}", line.sku, line.location, line.hold);
}

std::string key_of(const ports::OrderLineAudit& line) {
    return fmt::format("{} of order {}", line.sku, line.order);
}

/// Looks at each row by itself and at what stands beside it; the log comes first.
class Check {
  public:
    Check() : log_(report_) {}

    [[nodiscard]] std::expected<AuditReport, ports::Error> run(ports::AuditSource& source) {
        const auto look = [this](const auto& row) { check(row); };
        std::expected<void, ports::Error> read =
            source.events([this](const ports::EventAudit& event) { log_.add(event); });
        if (read) read = check_head(source);
        if (read) read = source.levels(look);
        if (read) read = source.hold_lines(look);
        if (read) read = source.order_lines(look);
        if (read) read = source.orders(look);
        if (read) read = source.versions(look);
        if (read) read = source.statistics(look);
        if (!read) return std::unexpected(std::move(read.error()));
        log_.check_all_were_seen();
        return std::move(report_);
    }

  private:
    std::expected<void, ports::Error> check_head(ports::AuditSource& source) {
        const auto head = source.log_head();
        if (!head) return std::unexpected(head.error());
        log_.check_head(*head);
        return {};
    }

    void check(const ports::LevelAudit& level);
    void check(const ports::HoldLineAudit& line);
    void check_hold_line_of_order(const ports::HoldLineAudit& line);
    void check(const ports::OrderLineAudit& line);
    void check(const ports::OrderAudit& order);
    void check_price(const ports::OrderAudit& order);
    void check(const ports::StatisticsAudit& minute);
    void check(const ports::VersionAudit& row) {
        log_.check_version(6, "row", row.key, row.key, row.version);
    }

    /// Σ quantity × unit price of an order's lines; empty once it does not fit.
    std::unordered_map<std::string, std::optional<base::Money>> prices_;
    AuditReport report_;
    AuditLog log_;
};

void Check::check(const ports::LevelAudit& level) {
    ++report_.levels;
    const auto found = [&](int invariant, std::string detail) {
        report_.add({invariant, "level", key_of(level), std::move(detail)});
    };
    if (!level.exists)
        return found(2, fmt::format("there is none, but the ledger sums to {} and open holds to {}",
                                    level.moved, level.open_lines));
    if (level.on_hand < 0) found(1, fmt::format("on_hand is {}", level.on_hand));
    if (level.held < 0) found(1, fmt::format("held is {}", level.held));
    if (level.held > level.on_hand)
        found(1, fmt::format("held is {}, on_hand only {}", level.held, level.on_hand));
    if (level.on_hand != level.moved)
        found(2, fmt::format("on_hand is {}, the ledger sums to {}", level.on_hand, level.moved));
    if (level.held != level.open_lines)
        found(2, fmt::format("held is {}, open holds hold {}", level.held, level.open_lines));
    log_.check_version(6, "level", key_of(level),
                       fmt::format("level/{}/{}", level.sku, level.location), level.version);
}

void Check::check(const ports::HoldLineAudit& line) {
    ++report_.hold_lines;
    const bool is_possible = line.quantity >= 1 && line.posted >= 0 && line.voided >= 0 &&
                             line.posted <= line.quantity &&
                             line.voided <= line.quantity - line.posted;
    if (!is_possible)
        report_.add({2, "hold_line", key_of(line),
                     fmt::format("of {} it has posted {} and voided {}", line.quantity, line.posted,
                                 line.voided)});
    else if (!line.order_state.empty())
        check_hold_line_of_order(line);
}

void Check::check_hold_line_of_order(const ports::HoldLineAudit& line) {
    const auto found = [&](int invariant, std::string detail) {
        report_.add({invariant, "hold_line", key_of(line), std::move(detail)});
    };
    if (line.posted != line.shipped)
        found(2, fmt::format("it has posted {}, the ledger shipped {}", line.posted, line.shipped));
    if (line.quantity > line.ordered)
        found(2,
              fmt::format("it takes {}, its order's lines have {}", line.quantity, line.ordered));

    const std::int64_t held = line.quantity - line.posted - line.voided;
    const std::string& state = line.order_state;
    const bool is_untouched = state == "reserved" || state == "confirmed";
    const bool is_given_back = state == "cancelled" || state == "expired";
    if (is_untouched && held != line.quantity)
        found(5, fmt::format("it holds {} of {}, its order is {}", held, line.quantity, state));
    if (state == "partially_fulfilled" && line.voided != 0)
        found(5, fmt::format("it has voided {}, its order is {}", line.voided, state));
    if (state == "fulfilled" && held != 0)
        found(5, fmt::format("it holds {}, its order is {}", held, state));
    if (is_given_back && line.voided != line.quantity)
        found(5, fmt::format("it has voided {} of {}, its order is {}", line.voided, line.quantity,
                             state));
}

void Check::check(const ports::OrderLineAudit& line) {
    ++report_.order_lines;
    if (line.returned != line.came_back)
        report_.add(
            {2, "order_line", key_of(line),
             fmt::format("returned is {}, the ledger has {} back", line.returned, line.came_back)});
    // A rejected order allocates nothing; check(OrderAudit) sees to that.
    if (line.allocated != 0 && line.allocated != line.quantity)
        report_.add({2, "order_line", key_of(line),
                     fmt::format("quantity is {}, its hold's lines have {}", line.quantity,
                                 line.allocated)});
    const auto amount = base::Money::from_minor(line.unit_price).times(line.quantity);
    const auto [price, is_first] = prices_.try_emplace(line.order, base::Money());
    price->second = amount && price->second ? price->second->plus(*amount) : std::nullopt;
}

void Check::check_price(const ports::OrderAudit& order) {
    const auto entry = prices_.find(order.order);
    const auto sum = entry == prices_.end() ? base::Money() : entry->second;
    const auto price = base::Money::from_minor(order.execution_price);
    if (sum != price)
        report_.add(
            {5, "order", order.order,
             fmt::format("its execution price is {}, its lines come to {}", price.to_string(),
                         sum ? sum->to_string() : "more than 64 bits hold")});
    if (entry != prices_.end()) prices_.erase(entry);
}

void Check::check(const ports::OrderAudit& order) {
    ++report_.orders;
    const auto found = [&](int invariant, std::string detail) {
        report_.add({invariant, "order", order.order, std::move(detail)});
    };
    log_.check_order(order);
    check_price(order);

    const std::string& state = order.state;
    const std::string_view wanted_hold = state == "reserved"              ? "pending"
                                         : state == "confirmed"           ? "committed"
                                         : state == "partially_fulfilled" ? "committed"
                                         : state == "expired"             ? "expired"
                                         : state == "rejected"            ? ""
                                                                          : "ended";
    const auto named = [](std::string_view hold) {
        return hold.empty() ? std::string("there is no hold") : fmt::format("its hold is {}", hold);
    };
    if (order.hold_state != wanted_hold)
        return found(5, fmt::format("its state is {}, and {}", state, named(order.hold_state)));
    if (state == "rejected") {
        if (order.returned != 0)
            found(5, fmt::format("it is rejected, and {} came back", order.returned));
        return;
    }
    if (order.hold_quantity != order.ordered)
        found(2, fmt::format("its lines have {}, its hold's lines {}", order.ordered,
                             order.hold_quantity));
    if (order.returned > order.posted)
        found(5, fmt::format("{} came back, and {} were shipped", order.returned, order.posted));
    const bool has_shipped_some = order.posted > 0 && order.posted < order.hold_quantity;
    if (state == "partially_fulfilled" && !has_shipped_some)
        found(5, fmt::format("it is {}, and {} of {} were shipped", state, order.posted,
                             order.hold_quantity));
    if (state == "fulfilled" && order.posted == 0)
        found(5, "it is fulfilled, and nothing was shipped");
}

void Check::check(const ports::StatisticsAudit& minute) {
    ++report_.minutes;
    if (minute.exists && minute.kept == minute.counted) return;
    const auto told = [](const domain::OrderTotals& totals) {
        return fmt::format("{} processed, {} rejected, {} units, {}", totals.processed,
                           totals.rejected, totals.units.to_string(),
                           totals.execution_price.to_money());
    };
    const auto start = base::Time().plus(std::chrono::minutes(minute.minute));
    report_.add(
        {8, "statistics", start.to_string(),
         fmt::format("up to this minute {}, a count of the orders gives {}",
                     minute.exists ? told(minute.kept) : "there is none", told(minute.counted))});
}

}  // namespace

void AuditReport::add(AuditFinding finding) {
    ++findings_total;
    if (findings.size() < kFindingsMax) findings.push_back(std::move(finding));
}

std::expected<AuditReport, ports::Error> check_books(ports::AuditSource& source) {
    return Check().run(source);
}

std::string to_json(const AuditReport& report) {
    std::string text;
    contract::JsonWriter json(text);
    json.begin_object();
    json.field("ok", report.is_ok());
    json.name("checked");
    json.begin_object();
    json.field("levels", report.levels);
    json.field("hold_lines", report.hold_lines);
    json.field("orders", report.orders);
    json.field("order_lines", report.order_lines);
    json.field("events", report.events);
    json.field("minutes", report.minutes);
    json.end_object();
    json.name("findings");
    json.begin_array();
    for (const AuditFinding& finding : report.findings) {
        json.begin_object();
        json.field("invariant", std::int64_t{finding.invariant});
        json.field("what", finding.what);
        json.field("key", finding.key);
        json.field("detail", finding.detail);
        json.end_object();
    }
    json.end_array();
    json.field("findings_total", static_cast<std::int64_t>(report.findings_total));
    json.end_object();
    return text;
}

std::string to_text(const AuditReport& report) {
    std::string text;
    for (const AuditFinding& finding : report.findings)
        text += fmt::format("invariant {}: {} {}: {}\n", finding.invariant, finding.what,
                            finding.key, finding.detail);
    if (report.findings_total > report.findings.size())
        text += fmt::format("and {} more\n", report.findings_total - report.findings.size());
    text += fmt::format(
        "{}: {} levels, {} hold lines, {} orders, {} order lines, {} events, {} minutes\n",
        report.is_ok() ? "all is right" : "NOT RIGHT", report.levels, report.hold_lines,
        report.orders, report.order_lines, report.events, report.minutes);
    return text;
}

}  // namespace stockroom
