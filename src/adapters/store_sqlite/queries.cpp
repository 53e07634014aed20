#include "queries.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "stockroom/store_format/cursor.hpp"
#include "stockroom/store_format/order_counts.hpp"
#include "stockroom/store_format/states.hpp"

namespace stockroom::store_sqlite {

using namespace store_format;

namespace {

/// A filter without an index passes over at most so many rows for one page, which may then be short
/// or empty, with a `next` all the same.
constexpr std::size_t kMaxExamined = 20'000;

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

/// An FTS5 phrase whose last word is a prefix (sqlite.org/fts5.html, section 3).
std::string word_prefix(std::string_view text) {
    std::string phrase = "\"";
    for (const char character : text) {
        if (character == '"') phrase += '"';
        phrase += character;
    }
    return phrase + "\"*";
}

}  // namespace

/// Several statements that see one state of the store.
class SqliteQueries::ReadTransaction {
  public:
    explicit ReadTransaction(SqliteQueries& queries) : queries_(queries) { queries_.begin_.run(); }
    ~ReadTransaction() {
        // Not by the statement, which does nothing after a failure.
        if (queries_.connection_->failed()) {
            queries_.connection_->roll_back();
        } else {
            queries_.end_.run();
        }
    }
    ReadTransaction(const ReadTransaction&) = delete;
    ReadTransaction& operator=(const ReadTransaction&) = delete;

  private:
    SqliteQueries& queries_;
};

SqliteQueries::SqliteQueries(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)),
      rows_(*connection_),
      dead_letters_(*connection_),
      begin_(*connection_, "BEGIN"),
      end_(*connection_, "COMMIT"),
      item_view_(*connection_,
                 "SELECT sku, name, label, price, reorder_point, retired, version, created_at, "
                 "updated_at, "
                 "(SELECT coalesce(sum(on_hand), 0) FROM levels WHERE levels.sku = items.sku), "
                 "(SELECT coalesce(sum(held), 0) FROM levels WHERE levels.sku = items.sku) "
                 "FROM items WHERE sku = ? AND retired = 0"),
      skus_(*connection_, "SELECT sku FROM items WHERE sku > ? AND retired = 0 ORDER BY sku"),
      skus_by_label_(*connection_,
                     "SELECT sku FROM items WHERE sku > ? AND label = ? AND label <> '' "
                     "AND retired = 0 ORDER BY sku"),
      // SKUs are printable ASCII, so 0x7f comes after whatever may follow the prefix.
      skus_by_prefix_(*connection_,
                      "WITH found (number) AS ("
                      "SELECT number FROM items WHERE sku >= ?3 COLLATE NOCASE "
                      "AND sku < ?3 || char(127) COLLATE NOCASE "
                      "UNION SELECT rowid FROM item_words WHERE item_words MATCH ?4) "
                      "SELECT sku FROM found CROSS JOIN items ON items.number = found.number "
                      "WHERE sku > ?1 AND (?2 = '' OR label = ?2) AND retired = 0 ORDER BY sku"),
      open_holds_(*connection_,
                  "SELECT DISTINCT hold_lines.number "
                  "FROM hold_lines INDEXED BY hold_lines_open_by_sku "
                  "CROSS JOIN holds ON holds.number = hold_lines.number "
                  "WHERE hold_lines.sku = ? AND quantity > posted + voided "
                  "AND holds.state IN ('pending', 'committed') "
                  "ORDER BY hold_lines.number LIMIT ?"),
      movements_(*connection_,
                 "SELECT number, location, kind, quantity, reason, reference, order_id, command, "
                 "actor, at FROM movements WHERE sku = ? AND number < ? ORDER BY number DESC "
                 "LIMIT ?"),
      locations_(*connection_,
                 "SELECT code, name, priority, version, created_at FROM locations "
                 "WHERE (priority, code) > (?, ?) ORDER BY priority, code LIMIT ?"),
      orders_(*connection_,
              "SELECT number, state, created_at FROM orders WHERE number < ? "
              "ORDER BY number DESC"),
      orders_by_customer_(*connection_,
                          "SELECT number, state, created_at FROM orders "
                          "WHERE number < ? AND customer = ? AND customer <> '' "
                          "ORDER BY number DESC"),
      order_totals_(*connection_,
                    "SELECT processed, rejected, units_billions, units_rest, price_billions, "
                    "price_rest FROM order_statistics WHERE minute < ? "
                    "ORDER BY minute DESC LIMIT 1"),
      records_(*connection_,
               "SELECT srn, name, section, deleted, version, created_at, updated_at FROM records "
               "WHERE srn > ? AND deleted = 0 ORDER BY srn LIMIT ?"),
      due_orders_(*connection_,
                  "SELECT orders.id, holds.expires_at FROM holds "
                  "JOIN orders ON orders.number = holds.number "
                  "WHERE holds.state = 'pending' AND holds.id IS NULL AND holds.expires_at <= "
                  "max(?, (SELECT at FROM log_head WHERE log_head.id = 1)) "
                  "ORDER BY holds.expires_at, holds.number LIMIT ?"),
      incidents_(*connection_,
                 "SELECT p.part, p.kind, p.state, p.at, p.version, i.id, i.part, i.kind, i.state, "
                 "i.cause, i.started_at, i.reported_at, i.ended_at FROM health_parts p "
                 "LEFT JOIN incidents i ON i.id = p.incident ORDER BY p.part",
                 "SELECT id, part, kind, state, cause, started_at, reported_at, ended_at "
                 "FROM incidents WHERE id < ? ORDER BY id DESC LIMIT ?"),
      events_(*connection_,
              "SELECT position, type, key, version, command, actor, at, data FROM log "
              "WHERE position > ? ORDER BY position LIMIT ?"),
      log_head_(*connection_, "SELECT position FROM log_head WHERE id = 1"),
      clock_(*connection_, "SELECT at FROM log_head WHERE id = 1") {}

auto SqliteQueries::item(const domain::Sku& sku) -> Result<std::optional<domain::ItemView>> {
    return connection_->finish(read_item_view(sku));
}

std::optional<domain::ItemView> SqliteQueries::read_item_view(const domain::Sku& sku) {
    Rows rows = item_view_.query(sku.text());
    if (!rows.next()) return std::nullopt;
    auto item = read_item(*connection_, rows);
    if (!item) return std::nullopt;
    return domain::ItemView{
        .item = *std::move(item), .on_hand = rows.integer(9), .held = rows.integer(10)};
}

ports::PageResult<domain::ItemView> SqliteQueries::items(const ports::ItemFilter& filter,
                                                         const ports::PageRequest& page) {
    std::string after;  // sorts before every SKU
    if (!page.cursor.empty()) {
        const auto key = read_cursor(CursorKind::items, page.cursor);
        if (!key || !domain::Sku::parse(*key)) return std::unexpected(kBadCursor);
        after = *key;
    }
    // No text of ours holds a NUL, and FTS5 would stop reading there.
    if (filter.prefix.contains('\0')) return ports::Page<domain::ItemView>{};

    ports::Page<domain::ItemView> found;
    {
        const ReadTransaction transaction(*this);
        const auto limit = limit_of(page);
        if (!filter.prefix.empty()) {
            const auto words = word_prefix(filter.prefix);
            found = read_items(skus_by_prefix_.query(after, filter.label, filter.prefix, words),
                               filter.low_stock, limit);
        } else if (!filter.label.empty()) {
            found = read_items(skus_by_label_.query(after, filter.label), filter.low_stock, limit);
        } else {
            found = read_items(skus_.query(after), filter.low_stock, limit);
        }
    }
    return connection_->finish(std::move(found));
}

ports::Page<domain::ItemView> SqliteQueries::read_items(Rows skus, bool low_stock,
                                                        std::size_t limit) {
    ports::Page<domain::ItemView> page;
    std::string last;
    for (std::size_t examined = 0; skus.next(); ++examined) {
        const auto sku = read_sku(*connection_, skus, 0);
        auto view = sku ? read_item_view(*sku) : std::nullopt;
        if (!view) break;
        const bool is_listed = !low_stock || view->available() <= view->item.reorder_point;
        if (examined == kMaxExamined || (is_listed && page.rows.size() == limit)) {
            page.next = write_cursor(CursorKind::items, last);
            break;
        }
        last = sku->text();
        if (is_listed) page.rows.push_back(*std::move(view));
    }
    return page;
}

auto SqliteQueries::stock(const domain::Sku& sku) -> Result<std::optional<ports::ItemStock>> {
    std::optional<ports::ItemStock> stock;
    {
        const ReadTransaction transaction(*this);
        if (auto view = read_item_view(sku)) {
            stock = ports::ItemStock{
                .item = *std::move(view), .levels = rows_.levels(sku), .holds = {}};
            read_open_holds(*stock);
        }
    }
    return connection_->finish(std::move(stock));
}

void SqliteQueries::read_open_holds(ports::ItemStock& stock) {
    const auto& sku = stock.item.item.sku;
    for (Rows rows = open_holds_.query(sku.text(), to_count(ports::kMaxPageSize + 1));
         rows.next();) {
        if (stock.holds.size() == ports::kMaxPageSize) {
            stock.more_holds = true;
            return;
        }
        auto hold = rows_.hold(rows.integer(0), sku);
        if (!hold) return;
        stock.holds.push_back(*std::move(hold));
    }
}

ports::PageResult<domain::Movement> SqliteQueries::movements(const domain::Sku& sku,
                                                             const ports::PageRequest& page) {
    auto before = std::optional(std::numeric_limits<std::int64_t>::max());
    if (!page.cursor.empty()) before = read_number_cursor(CursorKind::movements, page.cursor);
    if (!before) return std::unexpected(kBadCursor);

    const auto limit = limit_of(page);
    ports::Page<domain::Movement> found;
    std::int64_t last = 0;
    for (Rows rows = movements_.query(sku.text(), *before, to_count(limit + 1)); rows.next();) {
        if (found.rows.size() == limit) {
            found.next = write_cursor(CursorKind::movements, last);
            break;
        }
        auto movement = read_movement(sku, rows);
        if (!movement) break;
        last = rows.integer(0);
        found.rows.push_back(*std::move(movement));
    }
    return connection_->finish(std::move(found));
}

std::optional<domain::Movement> SqliteQueries::read_movement(const domain::Sku& sku,
                                                             const Rows& rows) {
    auto location = read_code(*connection_, rows, 1);
    const auto kind = parse_movement_kind(rows.text(2));
    if (!kind) connection_->fail_corrupt("movements.kind");
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

ports::PageResult<domain::Location> SqliteQueries::locations(const ports::PageRequest& page) {
    std::int64_t priority = -1;  // before every location
    std::string code;
    if (!page.cursor.empty()) {
        const auto key = read_cursor(CursorKind::locations, page.cursor);
        const auto slash = key ? key->find('/') : std::string::npos;
        if (slash == std::string::npos) return std::unexpected(kBadCursor);
        const auto number = parse_number(std::string_view(*key).substr(0, slash));
        code = key->substr(slash + 1);
        if (!number || !domain::LocationCode::parse(code)) return std::unexpected(kBadCursor);
        priority = *number;
    }
    const auto limit = limit_of(page);
    ports::Page<domain::Location> found;
    for (Rows rows = locations_.query(priority, code, to_count(limit + 1)); rows.next();) {
        if (found.rows.size() == limit) {
            const auto& last = found.rows.back();
            found.next = write_cursor(CursorKind::locations,
                                      fmt::format("{}/{}", last.priority, last.code.text()));
            break;
        }
        auto location = read_location(*connection_, rows);
        if (!location) break;
        found.rows.push_back(*std::move(location));
    }
    return connection_->finish(std::move(found));
}

auto SqliteQueries::order(const base::Uuid& id) -> Result<std::optional<domain::OrderView>> {
    std::optional<domain::OrderView> view;
    {
        const ReadTransaction transaction(*this);
        if (auto order = rows_.order(id))
            view = domain::OrderView{.order = std::move(order->row),
                                     .hold = rows_.hold(order->number)};
    }
    return connection_->finish(std::move(view));
}

ports::PageResult<domain::OrderView> SqliteQueries::orders(const ports::OrderFilter& filter,
                                                           const ports::PageRequest& page) {
    auto before = std::optional(std::numeric_limits<std::int64_t>::max());
    if (!page.cursor.empty()) before = read_number_cursor(CursorKind::orders, page.cursor);
    if (!before) return std::unexpected(kBadCursor);

    const auto limit = limit_of(page);
    const auto state = filter.state ? to_text(*filter.state) : std::string_view{};
    ports::Page<domain::OrderView> found;
    {
        const ReadTransaction transaction(*this);
        Rows rows = filter.customer.empty() ? orders_.query(*before)
                                            : orders_by_customer_.query(*before, filter.customer);
        std::int64_t last = 0;
        std::size_t lines = 0;
        for (std::size_t examined = 0; rows.next(); ++examined) {
            // Numbers grow with the time of creation, so nothing after this is late enough.
            if (filter.since && rows.time(2) < *filter.since) break;
            const bool is_listed = !filter.state || rows.text(1) == state;
            const bool is_full = found.rows.size() == limit || lines >= ports::kMaxPageLines;
            if (examined == kMaxExamined || (is_listed && is_full)) {
                found.next = write_cursor(CursorKind::orders, last);
                break;
            }
            last = rows.integer(0);
            if (!is_listed) continue;
            auto order = rows_.order(last);
            if (!order) break;
            auto hold = rows_.hold(last);
            lines += order->lines.size() + (hold ? hold->lines.size() : 0);
            found.rows.push_back({.order = *std::move(order), .hold = std::move(hold)});
        }
    }
    return connection_->finish(std::move(found));
}

auto SqliteQueries::order_statistics(const ports::OrderSpan& span)
    -> Result<ports::OrderStatistics> {
    auto since = span.since.transform(minute_of);
    const auto until = span.until.transform(minute_of);
    domain::OrderTotals totals;
    {
        const ReadTransaction transaction(*this);
        if (!since && span.window) since = minute_of(read_clock().plus(-*span.window));
        const auto end = until.value_or(std::numeric_limits<std::int64_t>::max());
        totals = read_totals_before(since ? std::max(end, *since) : end);
        if (since) totals = totals.minus(read_totals_before(*since));
    }
    return connection_->finish(ports::OrderStatistics{.since = since.transform(start_of_minute),
                                                      .until = until.transform(start_of_minute),
                                                      .totals = totals});
}

domain::OrderTotals SqliteQueries::read_totals_before(std::int64_t minute) {
    Rows rows = order_totals_.query(minute);
    return rows.next() ? read_order_totals(rows, 0) : domain::OrderTotals{};
}

base::Time SqliteQueries::read_clock() {
    Rows rows = clock_.query();
    const auto committed = rows.next() ? rows.time(0) : base::Time();
    return std::max(base::Time::now(), committed);
}

auto SqliteQueries::record(const domain::Srn& srn) -> Result<std::optional<domain::Record>> {
    auto record = rows_.record(srn);
    if (record && record->deleted) record.reset();
    return connection_->finish(std::move(record));
}

ports::PageResult<domain::Record> SqliteQueries::records(const ports::PageRequest& page) {
    std::string after;  // sorts before every SRN
    if (!page.cursor.empty()) {
        const auto key = read_cursor(CursorKind::records, page.cursor);
        if (!key || !domain::Srn::parse(*key)) return std::unexpected(kBadCursor);
        after = *key;
    }
    const auto limit = limit_of(page);
    ports::Page<domain::Record> found;
    for (Rows rows = records_.query(after, to_count(limit + 1)); rows.next();) {
        if (found.rows.size() == limit) {
            found.next = write_cursor(CursorKind::records, found.rows.back().srn.text());
            break;
        }
        auto record = read_record(*connection_, rows);
        if (!record) break;
        found.rows.push_back(*std::move(record));
    }
    return connection_->finish(std::move(found));
}

auto SqliteQueries::outcome(const base::Uuid& id) -> Result<std::optional<ports::StoredOutcome>> {
    return connection_->finish(rows_.outcome(id));
}

ports::PageResult<domain::DeadLetter> SqliteQueries::dead_letters(
    const ports::DeadLetterFilter& filter, const ports::PageRequest& page) {
    auto before = std::optional(kNewest);
    if (!page.cursor.empty()) before = read_time_cursor(CursorKind::dead_letters, page.cursor);
    if (!before) return std::unexpected(kBadCursor);
    const auto limit = limit_of(page);
    ports::Page<domain::DeadLetter> found;
    found.rows = dead_letters_.list(filter, *before, to_count(limit + 1));
    if (found.rows.size() > limit) {
        found.rows.pop_back();
        const auto& last = found.rows.back();
        found.next = write_cursor(CursorKind::dead_letters, {.at = last.last_at, .id = last.id});
    }
    return connection_->finish(std::move(found));
}

auto SqliteQueries::dead_letter(const base::Uuid& id, std::size_t body_max)
    -> Result<std::optional<domain::DeadLetter>> {
    return connection_->finish(
        dead_letters_.find(id, static_cast<std::int64_t>(std::min(body_max, kBodyMax))));
}

auto SqliteQueries::letters_to_replay(std::size_t limit)
    -> Result<std::vector<domain::DeadLetter>> {
    return connection_->finish(dead_letters_.to_replay(to_count(limit)));
}

auto SqliteQueries::count_dead_letters(domain::DeadLetterState state) -> Result<std::int64_t> {
    return connection_->finish(dead_letters_.count(state));
}

auto SqliteQueries::due_orders(std::size_t limit) -> Result<std::vector<DueOrder>> {
    std::vector<DueOrder> due;
    for (Rows rows = due_orders_.query(base::Time::now(), to_count(limit)); rows.next();)
        due.push_back({.order = rows.uuid(0), .expires_at = rows.time(1)});
    return connection_->finish(std::move(due));
}

auto SqliteQueries::parts() -> Result<std::vector<domain::PartChange>> {
    return connection_->finish(incidents_.parts());
}

ports::PageResult<domain::Incident> SqliteQueries::incidents(const ports::PageRequest& page) {
    const auto before = read_id_cursor(CursorKind::incidents, page.cursor);
    if (!before) return std::unexpected(kBadCursor);
    const auto limit = limit_of(page);
    ports::Page<domain::Incident> found;
    found.rows = incidents_.list(*before, to_count(limit + 1));
    if (found.rows.size() > limit) {
        found.rows.pop_back();
        found.next = write_cursor(CursorKind::incidents, found.rows.back().id.to_string());
    }
    return connection_->finish(std::move(found));
}

auto SqliteQueries::events_after(std::int64_t position, std::size_t limit)
    -> Result<std::vector<ports::LoggedEvent>> {
    std::vector<ports::LoggedEvent> events;
    for (Rows rows = events_.query(position, to_count(limit)); rows.next();)
        events.push_back({.position = rows.integer(0),
                          .event = {.type = rows.string(1),
                                    .key = rows.string(2),
                                    .version = rows.integer(3),
                                    .command = rows.optional_uuid(4),
                                    .actor = rows.string(5),
                                    .at = rows.time(6),
                                    .data = rows.string(7)}});
    return connection_->finish(std::move(events));
}

auto SqliteQueries::log_head() -> Result<std::int64_t> {
    std::int64_t position = 0;
    Rows rows = log_head_.query();
    if (rows.next()) position = rows.integer(0);
    return connection_->finish(position);
}

}  // namespace stockroom::store_sqlite
