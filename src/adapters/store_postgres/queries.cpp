#include "queries.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

#include "stockroom/store_format/cursor.hpp"
#include "stockroom/store_format/order_counts.hpp"
#include "stockroom/store_format/states.hpp"

#include "query_sql.hpp"
#include "views.hpp"

namespace stockroom::store_postgres {

using namespace store_format;

namespace {

constexpr std::chrono::seconds kReadMax{5};
/// Orders read at once: with 1,000 lines each, and as many of their holds, they are some 10 MB.
constexpr std::size_t kOrdersAtOnce = 100;

constexpr auto kBadCursor = ports::BadCursor{};

/// After every time and id.
const TimeAndId kNewest{
    .at = base::Time::from_microseconds(std::numeric_limits<std::int64_t>::max()), .id = {}};

constexpr std::size_t kBodyMax = std::size_t{1} << 30U;

std::size_t limit_of(const ports::PageRequest& page) {
    return std::clamp<std::size_t>(page.limit, 1, ports::kMaxPageSize);
}

std::int64_t to_count(std::size_t limit) {
    return static_cast<std::int64_t>(std::min<std::size_t>(limit, 1'000'000));
}

/// No text of ours holds a NUL, and PostgreSQL refuses one.
bool has_nul(std::string_view text) {
    return text.contains('\0');
}

}  // namespace

PostgresQueries::PostgresQueries(Target target)
    : connection_(std::move(target), Purpose::read),
      begin_(connection_, "BEGIN"),
      end_(connection_, "COMMIT"),
      item_(connection_, item_sql()),
      items_(connection_, items_sql()),
      items_by_label_(connection_, items_by_label_sql()),
      items_by_prefix_(connection_, items_by_prefix_sql()),
      levels_(connection_,
              "SELECT sku, location, on_hand, held, version FROM levels WHERE sku = $1 "
              "ORDER BY location"),
      open_holds_(connection_, open_holds_sql()),
      movements_(connection_,
                 "SELECT number, location, kind, quantity, reason, reference, order_id, command, "
                 "actor, at FROM movements WHERE sku = $1 AND number < $2 ORDER BY number DESC "
                 "LIMIT $3"),
      locations_(connection_,
                 "SELECT code, name, priority, version, created_at FROM locations "
                 "WHERE (priority, code) > ($1, $2) ORDER BY priority, code LIMIT $3"),
      order_(connection_, order_sql()),
      orders_(connection_, orders_sql()),
      orders_by_customer_(connection_, orders_by_customer_sql()),
      order_statistics_(connection_, order_statistics_sql()),
      record_(connection_,
              "SELECT srn, name, section, deleted, version, created_at, updated_at FROM records "
              "WHERE srn = $1 AND NOT deleted"),
      records_(connection_,
               "SELECT srn, name, section, deleted, version, created_at, updated_at FROM records "
               "WHERE srn > $1 AND NOT deleted ORDER BY srn LIMIT $2"),
      outcome_(connection_,
               "SELECT command, kind, fingerprint, bytes, at FROM outcomes WHERE command = $1"),
      dead_letters_(connection_),
      due_orders_(connection_, due_orders_sql()),
      incidents_(connection_,
                 "SELECT p.part, p.kind, p.state, p.at, p.version, i.id, i.part, i.kind, i.state, "
                 "i.cause, i.started_at, i.reported_at, i.ended_at FROM health_parts p "
                 "LEFT JOIN incidents i ON i.id = p.incident ORDER BY p.part",
                 "SELECT id, part, kind, state, cause, started_at, reported_at, ended_at "
                 "FROM incidents WHERE id < $1 ORDER BY id DESC LIMIT $2"),
      events_(connection_,
              "SELECT position, type, key, version, command, actor, at, data FROM log "
              "WHERE position > $1 ORDER BY position LIMIT $2"),
      log_head_(connection_, "SELECT position FROM log_head WHERE id = 1") {}

template <typename Read>
auto PostgresQueries::reading(const Read& read) -> Expected<decltype(read())> {
    connection_.set_deadline(base::in(kReadMax));
    const bool had_session = connection_.is_open();
    auto result = read();
    if (connection_.failed() && had_session && !connection_.is_open()) {
        (void)connection_.take_error();
        result = read();
    }
    if (connection_.failed()) connection_.roll_back();
    return connection_.finish(std::move(result));
}

auto PostgresQueries::item(const domain::Sku& sku) -> Result<std::optional<domain::ItemView>> {
    return reading([&]() -> std::optional<domain::ItemView> {
        Rows rows = item_.query(sku.text());
        if (!rows.next()) return std::nullopt;
        return read_item_view(connection_, rows);
    });
}

ports::PageResult<domain::ItemView> PostgresQueries::items(const ports::ItemFilter& filter,
                                                           const ports::PageRequest& page) {
    std::string after;  // sorts before every SKU
    if (!page.cursor.empty()) {
        const auto key = read_cursor(CursorKind::items, page.cursor);
        if (!key || !domain::Sku::parse(*key)) return std::unexpected(kBadCursor);
        after = *key;
    }
    if (has_nul(filter.prefix) || has_nul(filter.label)) return ports::Page<domain::ItemView>{};
    return reading([&] { return read_items(filter, after, limit_of(page)); });
}

ports::Page<domain::ItemView> PostgresQueries::read_items(const ports::ItemFilter& filter,
                                                          const std::string& after,
                                                          std::size_t limit) {
    const auto rows_max = to_count(limit + 1);
    Rows rows;
    if (!filter.prefix.empty()) {
        rows =
            items_by_prefix_.query(after, filter.low_stock, rows_max, filter.label, filter.prefix);
    } else if (!filter.label.empty()) {
        rows = items_by_label_.query(after, filter.low_stock, rows_max, filter.label);
    } else {
        rows = items_.query(after, filter.low_stock, rows_max);
    }
    ports::Page<domain::ItemView> page;
    while (rows.next()) {
        const bool is_last_examined = rows.is_null(1);
        if (is_last_examined || page.rows.size() == limit) {
            const auto last = is_last_examined ? rows.string(0) : page.rows.back().item.sku.text();
            page.next = write_cursor(CursorKind::items, last);
            break;
        }
        auto view = read_item_view(connection_, rows);
        if (!view) break;
        page.rows.push_back(*std::move(view));
    }
    return page;
}

auto PostgresQueries::stock(const domain::Sku& sku) -> Result<std::optional<ports::ItemStock>> {
    return reading([&] { return read_stock(sku); });
}

std::optional<ports::ItemStock> PostgresQueries::read_stock(const domain::Sku& sku) {
    begin_.send();
    item_.send(sku.text());
    levels_.send(sku.text());
    open_holds_.send(sku.text(), to_count(ports::kMaxPageSize + 1));
    end_.send();
    connection_.end_pipeline();
    (void)connection_.receive();
    Rows item = connection_.receive();
    Rows levels = connection_.receive();
    Rows holds = connection_.receive();
    connection_.receive_all();

    if (!item.next()) return std::nullopt;
    auto view = read_item_view(connection_, item);
    if (!view) return std::nullopt;
    ports::ItemStock stock{.item = *std::move(view), .levels = {}, .holds = {}};
    while (levels.next()) {
        auto level = read_level(connection_, levels);
        if (!level) return std::nullopt;
        stock.levels.push_back(*std::move(level));
    }
    stock.more_holds = holds.size() > ports::kMaxPageSize;
    while (holds.next() && stock.holds.size() < ports::kMaxPageSize) {
        auto hold = read_hold_view(connection_, holds, 0);
        if (!hold) return std::nullopt;
        stock.holds.push_back(*std::move(hold));
    }
    return stock;
}

ports::PageResult<domain::Movement> PostgresQueries::movements(const domain::Sku& sku,
                                                               const ports::PageRequest& page) {
    auto before = std::optional(std::numeric_limits<std::int64_t>::max());
    if (!page.cursor.empty()) before = read_number_cursor(CursorKind::movements, page.cursor);
    if (!before) return std::unexpected(kBadCursor);

    const auto limit = limit_of(page);
    return reading([&] {
        ports::Page<domain::Movement> found;
        Rows rows = movements_.query(sku.text(), *before, to_count(limit + 1));
        for (std::int64_t last = 0; rows.next(); last = rows.integer(0)) {
            if (found.rows.size() == limit) {
                found.next = write_cursor(CursorKind::movements, last);
                break;
            }
            auto movement = read_movement(connection_, sku, rows);
            if (!movement) break;
            found.rows.push_back(*std::move(movement));
        }
        return found;
    });
}

ports::PageResult<domain::Location> PostgresQueries::locations(const ports::PageRequest& page) {
    std::int64_t priority = -1;  // before all
    std::string code;
    if (!page.cursor.empty()) {
        const auto key = read_cursor(CursorKind::locations, page.cursor);
        const auto colon = key ? key->find(':') : std::string::npos;
        if (colon == std::string::npos) return std::unexpected(kBadCursor);
        const auto number = parse_number(std::string_view(*key).substr(0, colon));
        code = key->substr(colon + 1);
        if (!number || !domain::LocationCode::parse(code)) return std::unexpected(kBadCursor);
        priority = *number;
    }
    const auto limit = limit_of(page);
    return reading([&] {
        ports::Page<domain::Location> found;
        Rows rows = locations_.query(priority, code, to_count(limit + 1));
        while (rows.next()) {
            if (found.rows.size() == limit) {
                const auto& last = found.rows.back();
                found.next = write_cursor(CursorKind::locations,
                                          std::to_string(last.priority) + ':' + last.code.text());
                break;
            }
            auto location = read_location(connection_, rows);
            if (!location) break;
            found.rows.push_back(*std::move(location));
        }
        return found;
    });
}

auto PostgresQueries::order(const base::Uuid& id) -> Result<std::optional<domain::OrderView>> {
    return reading([&]() -> std::optional<domain::OrderView> {
        Rows rows = order_.query(id);
        if (!rows.next()) return std::nullopt;
        return read_order_view(connection_, rows);
    });
}

ports::PageResult<domain::OrderView> PostgresQueries::orders(const ports::OrderFilter& filter,
                                                             const ports::PageRequest& page) {
    auto before = std::optional(std::numeric_limits<std::int64_t>::max());
    if (!page.cursor.empty()) before = read_number_cursor(CursorKind::orders, page.cursor);
    if (!before) return std::unexpected(kBadCursor);
    if (has_nul(filter.customer)) return ports::Page<domain::OrderView>{};
    return reading([&] { return read_orders(filter, *before, limit_of(page)); });
}

ports::Page<domain::OrderView> PostgresQueries::read_orders(const ports::OrderFilter& filter,
                                                            std::int64_t before,
                                                            std::size_t limit) {
    const auto state = filter.state ? to_text(*filter.state) : std::string_view{};
    const auto since = filter.since.value_or(base::Time{});
    ports::Page<domain::OrderView> page;
    std::size_t lines = 0;
    for (bool more = true; more;) {
        // One more than are taken, to know whether there are more.
        const auto wanted = std::min(limit - page.rows.size(), kOrdersAtOnce);
        const auto rows_max = to_count(wanted + 1);
        Rows rows = filter.customer.empty() ? orders_.query(before, state, since, rows_max)
                                            : orders_by_customer_.query(before, state, since,
                                                                        rows_max, filter.customer);
        more = false;
        for (std::size_t taken = 0; rows.next(); ++taken) {
            const bool is_last_examined = rows.is_null(1);
            if (is_last_examined) before = rows.integer(0);
            if (is_last_examined || page.rows.size() == limit || lines >= ports::kMaxPageLines) {
                page.next = write_cursor(CursorKind::orders, before);
                return page;
            }
            if (taken == wanted) {
                more = true;
                break;
            }
            auto view = read_order_view(connection_, rows);
            if (!view) return page;
            before = rows.integer(0);
            lines += view->order.lines.size() + (view->hold ? view->hold->lines.size() : 0);
            page.rows.push_back(*std::move(view));
        }
    }
    return page;
}

auto PostgresQueries::order_statistics(const ports::OrderSpan& span)
    -> Result<ports::OrderStatistics> {
    const auto since = span.since.transform(minute_of);
    const auto until = span.until.transform(minute_of);
    const auto window = span.window.transform(
        [](std::chrono::seconds back) { return std::chrono::microseconds(back).count(); });
    return reading([&] {
        ports::OrderStatistics found{
            .since = {}, .until = until.transform(start_of_minute), .totals = {}};
        Rows rows = order_statistics_.query(since, until, window);
        if (!rows.next()) return found;
        if (!rows.is_null(0)) found.since = start_of_minute(rows.integer(0));
        const auto upto = read_order_totals(connection_, rows, 1);
        const auto before = read_order_totals(connection_, rows, 5);
        if (upto && before) found.totals = upto->minus(*before);
        return found;
    });
}

auto PostgresQueries::record(const domain::Srn& srn) -> Result<std::optional<domain::Record>> {
    return reading([&]() -> std::optional<domain::Record> {
        Rows rows = record_.query(srn.text());
        if (!rows.next()) return std::nullopt;
        return read_record(connection_, rows);
    });
}

ports::PageResult<domain::Record> PostgresQueries::records(const ports::PageRequest& page) {
    std::string after;  // sorts before every SRN
    if (!page.cursor.empty()) {
        const auto key = read_cursor(CursorKind::records, page.cursor);
        if (!key || !domain::Srn::parse(*key)) return std::unexpected(kBadCursor);
        after = *key;
    }
    const auto limit = limit_of(page);
    return reading([&] {
        ports::Page<domain::Record> found;
        for (Rows rows = records_.query(after, to_count(limit + 1)); rows.next();) {
            if (found.rows.size() == limit) {
                found.next = write_cursor(CursorKind::records, found.rows.back().srn.text());
                break;
            }
            auto record = read_record(connection_, rows);
            if (!record) break;
            found.rows.push_back(*std::move(record));
        }
        return found;
    });
}

auto PostgresQueries::outcome(const base::Uuid& id) -> Result<std::optional<ports::StoredOutcome>> {
    return reading([&]() -> std::optional<ports::StoredOutcome> {
        Rows rows = outcome_.query(id);
        if (!rows.next()) return std::nullopt;
        return read_outcome(rows);
    });
}

ports::PageResult<domain::DeadLetter> PostgresQueries::dead_letters(
    const ports::DeadLetterFilter& filter, const ports::PageRequest& page) {
    auto before = std::optional(kNewest);
    if (!page.cursor.empty()) before = read_time_cursor(CursorKind::dead_letters, page.cursor);
    if (!before) return std::unexpected(kBadCursor);
    if (has_nul(filter.queue)) return ports::Page<domain::DeadLetter>{};
    const auto limit = limit_of(page);
    return reading([&] {
        ports::Page<domain::DeadLetter> found;
        found.rows = dead_letters_.list(filter, *before, to_count(limit + 1));
        if (found.rows.size() > limit) {
            found.rows.pop_back();
            const auto& last = found.rows.back();
            found.next =
                write_cursor(CursorKind::dead_letters, {.at = last.last_at, .id = last.id});
        }
        return found;
    });
}

auto PostgresQueries::dead_letter(const base::Uuid& id, std::size_t body_max)
    -> Result<std::optional<domain::DeadLetter>> {
    const auto bytes = static_cast<std::int64_t>(std::min(body_max, kBodyMax));
    return reading([&] { return dead_letters_.find(id, bytes); });
}

auto PostgresQueries::letters_to_replay(std::size_t limit)
    -> Result<std::vector<domain::DeadLetter>> {
    return reading([&] { return dead_letters_.to_replay(to_count(limit)); });
}

auto PostgresQueries::count_dead_letters(domain::DeadLetterState state) -> Result<std::int64_t> {
    return reading([&] { return dead_letters_.count(state); });
}

auto PostgresQueries::due_orders(std::size_t limit) -> Result<std::vector<DueOrder>> {
    return reading([&] {
        std::vector<DueOrder> due;
        for (Rows rows = due_orders_.query(to_count(limit)); rows.next();)
            due.push_back({.order = rows.uuid(0), .expires_at = rows.time(1)});
        return due;
    });
}

auto PostgresQueries::parts() -> Result<std::vector<domain::PartChange>> {
    return reading([&] { return incidents_.parts(); });
}

ports::PageResult<domain::Incident> PostgresQueries::incidents(const ports::PageRequest& page) {
    const auto before = read_id_cursor(CursorKind::incidents, page.cursor);
    if (!before) return std::unexpected(kBadCursor);
    const auto limit = limit_of(page);
    return reading([&] {
        ports::Page<domain::Incident> found;
        found.rows = incidents_.list(*before, to_count(limit + 1));
        if (found.rows.size() > limit) {
            found.rows.pop_back();
            found.next = write_cursor(CursorKind::incidents, found.rows.back().id.to_string());
        }
        return found;
    });
}

auto PostgresQueries::events_after(std::int64_t position, std::size_t limit)
    -> Result<std::vector<ports::LoggedEvent>> {
    return reading([&] { return read_events(events_.query(position, to_count(limit))); });
}

auto PostgresQueries::log_head() -> Result<std::int64_t> {
    return reading([&] {
        Rows rows = log_head_.query();
        return rows.next() ? rows.integer(0) : 0;
    });
}

}  // namespace stockroom::store_postgres
