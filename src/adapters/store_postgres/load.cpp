#include "load.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "stockroom/base/check.hpp"

#include "dead_letters.hpp"

namespace stockroom::store_postgres {

namespace {

/// More attempts than two are needed only when other holds become due meanwhile.
constexpr int kMaxAttempts = 10;

/// How much longer than the server's own limit an answer is waited for.
constexpr std::chrono::milliseconds kGrace{500};

const std::string kItem =
    "SELECT sku, name, label, price, reorder_point, retired, version, created_at, updated_at "
    "FROM items ";
const std::string kLevel = "SELECT sku, location, on_hand, held, version FROM levels ";
/// Lines never change their SKU, so these stand before anything is locked.
const std::string kSkus =
    "sku IN (SELECT unnest($1) UNION "
    "SELECT order_lines.sku FROM orders JOIN order_lines ON order_lines.number = orders.number "
    "WHERE orders.id = ANY ($2) UNION "
    "SELECT hold_lines.sku FROM holds JOIN hold_lines ON hold_lines.number = holds.number "
    "WHERE holds.id = ANY ($3)) ";

}  // namespace

Loader::Loader(Connection& connection)
    : connection_(connection),
      begin_(connection, "BEGIN"),
      // The time is also left to the statements that follow.
      head_(connection,
            "SELECT set_config('stockroom.now', coalesce($2, greatest(at, "
            "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint))::text, true)::bigint, "
            "locations_version, code, name, priority, locations.version, created_at, "
            "set_config('lock_timeout', $1::text, true) "
            "FROM log_head LEFT JOIN locations ON locations_version <> $3 "
            "WHERE log_head.id = 1"),
      outcomes_(connection,
                "SELECT command, kind, fingerprint, bytes, at FROM outcomes "
                "WHERE command = ANY ($1)"),
      dead_letters_(connection,
                    dead_letter_sql("0") + "WHERE command = ANY ($1) ORDER BY command FOR UPDATE"),
      due_(connection,
           "SELECT due.number, due.id, orders.id, hold_lines.sku FROM ("
           "SELECT number, id, expires_at FROM holds WHERE state = 'pending' "
           "AND expires_at <= current_setting('stockroom.now')::bigint "
           "ORDER BY expires_at, number LIMIT $1) AS due "
           "LEFT JOIN orders ON orders.number = due.number AND due.id IS NULL "
           "JOIN hold_lines ON hold_lines.number = due.number "
           "ORDER BY due.expires_at, due.number LIMIT $2"),
      lock_holds_(connection,
                  "SELECT number FROM holds WHERE id = ANY ($1) ORDER BY id FOR UPDATE"),
      orders_(connection,
              "SELECT number, id, customer, state, execution_price, reference, actor, version, "
              "created_at, updated_at, cancel_reason FROM orders WHERE id = ANY ($1) "
              "ORDER BY id FOR UPDATE"),
      order_lines_(connection,
                   "SELECT lines.number, sku, quantity, unit_price, returned FROM orders "
                   "JOIN order_lines AS lines ON lines.number = orders.number "
                   "WHERE orders.id = ANY ($1) ORDER BY lines.number, line"),
      holds_(connection,
             "SELECT holds.number, holds.id, orders.id, holds.state, expires_at, holds.version "
             "FROM orders JOIN holds ON holds.number = orders.number "
             "WHERE orders.id = ANY ($1) AND holds.id IS NULL UNION ALL "
             "SELECT number, id, NULL, state, expires_at, version "
             "FROM holds WHERE id = ANY ($2) ORDER BY 1"),
      hold_lines_(connection,
                  "SELECT lines.number, sku, location, quantity, posted, voided FROM ("
                  "SELECT number FROM orders WHERE id = ANY ($1) UNION ALL "
                  "SELECT number FROM holds WHERE id = ANY ($2)) AS wanted "
                  "JOIN hold_lines AS lines ON lines.number = wanted.number "
                  "ORDER BY lines.number, line"),
      items_(connection, kItem + "WHERE sku = ANY ($1) ORDER BY sku FOR UPDATE"),
      items_of_orders_(connection, kItem + "WHERE " + kSkus + "ORDER BY sku FOR UPDATE"),
      levels_(connection, kLevel + "WHERE sku = ANY ($1)"),
      levels_of_orders_(connection, kLevel + "WHERE " + kSkus),
      records_(connection,
               "SELECT srn, name, section, deleted, version, created_at, updated_at FROM records "
               "WHERE srn = ANY ($1) ORDER BY srn FOR UPDATE"),
      numbers_(connection, "SELECT nextval('order_numbers') FROM generate_series(1, $1)") {}

Expected<Loaded> Loader::load(std::span<const base::Uuid> commands, const domain::Keys& keys,
                              std::int64_t numbers, base::Deadline deadline) {
    Wanted wanted{.orders = keys.orders,
                  .holds = {},
                  .skus = keys.skus,
                  .dead_letters = keys.dead_letters,
                  .now = {}};
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) break;
        connection_.set_deadline(deadline + kGrace);
        // Another server may have made another version of the same number.
        if (connection_.open() && connection_.session() != locations_session_)
            locations_version_ = 0;
        send(commands, wanted, keys.records, numbers, left.count());
        auto loaded = receive(keys, wanted, numbers, !commands.empty());
        if (connection_.failed()) return std::unexpected(connection_.take_error());
        if (loaded) return *std::move(loaded);
        connection_.roll_back();
    }
    return std::unexpected(ports::Error{ports::ErrorKind::retryable,
                                        "postgres: what a batch needs was not free in time"});
}

void Loader::send(std::span<const base::Uuid> commands, const Wanted& wanted,
                  std::span<const domain::Srn> records, std::int64_t numbers,
                  std::int64_t lock_timeout) {
    Array<base::Uuid> ids;
    Array<base::Uuid> dead_letters;
    Array<base::Uuid> orders;
    Array<base::Uuid> holds;
    Array<std::string_view> skus;
    for (const auto& id : commands)
        ids.add(id);
    for (const auto& id : wanted.dead_letters)
        dead_letters.add(id);
    for (const auto& id : wanted.orders)
        orders.add(id);
    for (const auto& id : wanted.holds)
        holds.add(id);
    for (const auto& sku : wanted.skus)
        skus.add(std::string_view(sku.text()));
    Array<std::string_view> srns;
    for (const auto& srn : records)
        srns.add(std::string_view(srn.text()));

    begin_.send();
    head_.send(lock_timeout, wanted.now, locations_version_);
    if (!ids.empty()) outcomes_.send(ids);
    if (!dead_letters.empty()) dead_letters_.send(dead_letters);
    if (!wanted.empty()) {
        due_.send(kMaxDueHolds + 1, kMaxDueLines + 1);
        if (orders.empty() && holds.empty()) {
            items_.send(skus);
            levels_.send(skus);
        } else {
            orders_.send(orders);
            lock_holds_.send(holds);
            order_lines_.send(orders);
            holds_.send(orders, holds);
            hold_lines_.send(orders, holds);
            items_of_orders_.send(skus, orders, holds);
            levels_of_orders_.send(skus, orders, holds);
        }
    }
    if (!srns.empty()) records_.send(srns);
    // Late, so that they are in the order of the commits wherever locks make one.
    if (numbers > 0) numbers_.send(numbers);
    connection_.end_pipeline();
}

std::optional<Loaded> Loader::receive(const domain::Keys& keys, Wanted& wanted,
                                      std::int64_t numbers, bool has_commands) {
    (void)connection_.receive();  // BEGIN
    const Head head = receive_head();
    wanted.now = head.now;
    std::vector<ports::StoredOutcome> outcomes;
    if (has_commands)
        for (Rows rows = connection_.receive(); rows.next();)
            outcomes.push_back(read_outcome(rows));
    Found found;
    if (!wanted.dead_letters.empty()) receive_dead_letters(found);
    if (!wanted.empty()) {
        receive_due(found);
        if (!wanted.orders.empty() || !wanted.holds.empty()) receive_orders(found, wanted);
        receive_stock(found);
    }
    if (!keys.records.empty()) receive_records(found);
    std::deque<std::int64_t> new_numbers;
    if (numbers > 0)
        for (Rows rows = connection_.receive(); rows.next();)
            new_numbers.push_back(rows.integer(0));
    if (connection_.failed() || !has_due(keys, found, wanted)) return std::nullopt;

    Loaded loaded = fill(keys, head, std::move(found));
    loaded.outcomes = std::move(outcomes);
    loaded.new_numbers = std::move(new_numbers);
    return loaded;
}

Loader::Head Loader::receive_head() {
    Rows rows = connection_.receive();
    if (connection_.failed()) return {};
    if (!rows.next()) {
        connection_.fail_corrupt("log_head");
        return {};
    }
    const Head head{.now = rows.time(0), .locations_version = rows.integer(1)};
    if (rows.is_null(2)) return head;
    locations_.clear();
    locations_version_ = 0;
    do {
        auto location = read_location(connection_, rows, 2);
        if (!location) return head;
        locations_.push_back(*std::move(location));
    } while (rows.next());
    locations_version_ = head.locations_version;
    locations_session_ = connection_.session();
    return head;
}

void Loader::receive_due(Found& found) {
    Rows rows = connection_.receive();
    found.more_due = rows.size() > static_cast<std::size_t>(kMaxDueLines);
    std::int64_t last = 0;
    while (rows.next()) {
        if (found.due.empty() || rows.integer(0) != last) {
            if (found.due.size() == static_cast<std::size_t>(kMaxDueHolds)) {
                found.more_due = true;
                return;
            }
            last = rows.integer(0);
            const bool is_order = rows.is_null(1);
            if (is_order && rows.is_null(2)) return connection_.fail_corrupt("a row of holds");
            found.due.push_back(
                {.id = rows.uuid(is_order ? 2 : 1), .is_order = is_order, .skus = {}});
        }
        auto sku = read_sku(connection_, rows, 3);
        if (!sku) return;
        found.due.back().skus.push_back(*std::move(sku));
    }
}

void Loader::receive_orders(Found& found, const Wanted& wanted) {
    std::unordered_map<std::int64_t, domain::Order*> orders;
    std::unordered_map<std::int64_t, domain::Hold*> holds;
    found.orders.reserve(wanted.orders.size());
    found.holds.reserve(wanted.orders.size() + wanted.holds.size());
    for (Rows rows = connection_.receive(); rows.next();) {
        auto order = read_order(connection_, rows);
        if (!order) return;
        found.orders.push_back(*std::move(order));
        orders.emplace(found.orders.back().number, &found.orders.back().row);
    }
    std::unordered_set<std::int64_t> locked;
    for (const auto& [number, order] : found.orders)
        locked.insert(number);
    for (Rows rows = connection_.receive(); rows.next();)
        locked.insert(rows.integer(0));
    for (Rows rows = connection_.receive(); rows.next();) {
        auto line = read_order_line(connection_, rows);
        if (!line) return;
        if (const auto order = orders.find(line->number); order != orders.end())
            order->second->lines.push_back(std::move(line->row));
    }
    for (Rows rows = connection_.receive(); rows.next();) {
        auto hold = read_hold(connection_, rows);
        if (!hold) return;
        // What has been made since the locks were taken was not there.
        if (!locked.contains(hold->number)) continue;
        found.holds.push_back(*std::move(hold));
        holds.emplace(found.holds.back().number, &found.holds.back().row);
    }
    for (Rows rows = connection_.receive(); rows.next();) {
        auto line = read_hold_line(connection_, rows);
        if (!line) return;
        if (const auto hold = holds.find(line->number); hold != holds.end())
            hold->second->lines.push_back(std::move(line->row));
    }
}

void Loader::receive_stock(Found& found) {
    for (Rows rows = connection_.receive(); rows.next();) {
        auto item = read_item(connection_, rows);
        if (!item) return;
        found.items.push_back(*std::move(item));
    }
    for (Rows rows = connection_.receive(); rows.next();) {
        auto level = read_level(connection_, rows);
        if (!level) return;
        found.levels.push_back(*std::move(level));
    }
}

void Loader::receive_records(Found& found) {
    for (Rows rows = connection_.receive(); rows.next();) {
        auto record = read_record(connection_, rows);
        if (!record) return;
        found.records.push_back(*std::move(record));
    }
}

void Loader::receive_dead_letters(Found& found) {
    for (Rows rows = connection_.receive(); rows.next();) {
        auto letter = read_dead_letter(connection_, rows);
        if (!letter) return;
        found.dead_letters.push_back(*std::move(letter));
    }
}

bool Loader::has_due(const domain::Keys& keys, const Found& found, Wanted& wanted) {
    // Others may have expired some of many since: what is due now is asked for once that is done.
    const bool is_second = wanted.orders.size() > keys.orders.size() || !wanted.holds.empty();
    if (found.more_due && is_second) return true;

    Skus skus;
    for (const auto& sku : keys.skus)
        skus.insert(sku.text());
    for (const auto& order : found.orders)
        if (std::ranges::binary_search(keys.orders, order.row.id))
            for (const auto& line : order.row.lines)
                skus.insert(line.sku.text());
    const auto touches = [&skus](const domain::Sku& sku) { return skus.contains(sku.text()); };

    std::vector<base::Uuid> orders = wanted.orders;
    std::vector<base::Uuid> holds = wanted.holds;
    for (const Due& due : found.due) {
        const auto& known = due.is_order ? wanted.orders : wanted.holds;
        if (std::ranges::binary_search(known, due.id)) continue;
        if (!found.more_due && std::ranges::none_of(due.skus, touches)) continue;
        (due.is_order ? orders : holds).push_back(due.id);
    }
    if (orders.size() == wanted.orders.size() && holds.size() == wanted.holds.size()) return true;
    std::ranges::sort(orders);
    std::ranges::sort(holds);
    wanted.orders = std::move(orders);
    wanted.holds = std::move(holds);
    return false;
}

Loaded Loader::fill(const domain::Keys& keys, const Head& head, Found found) const {
    // Who had a row before us may have begun, and read the clock, after us.
    base::Time now = head.now;
    for (const auto& order : found.orders)
        now = std::max(now, order.row.updated_at);
    for (const auto& item : found.items)
        now = std::max(now, item.updated_at);
    for (const auto& record : found.records)
        now = std::max(now, record.updated_at);
    for (const auto& letter : found.dead_letters)
        now = std::max(now, letter.last_at);

    Loaded loaded(now);
    loaded.locations_version = head.locations_version;
    domain::Snapshot& snapshot = loaded.snapshot;
    if (found.more_due) snapshot.set_more_due();
    for (const auto& location : locations_)
        snapshot.add_location(location);
    for (const auto& sku : keys.skus)
        snapshot.add_sku(sku);
    for (auto& [number, order] : found.orders) {
        for (const auto& line : order.lines)
            snapshot.add_sku(line.sku);
        loaded.order_numbers.emplace(order.id, number);
        snapshot.add_order(std::move(order));
    }
    for (const auto& id : keys.orders)
        if (!loaded.order_numbers.contains(id)) snapshot.add_missing_order(id);
    for (auto& [number, hold] : found.holds) {
        for (const auto& line : hold.lines)
            snapshot.add_sku(line.sku);
        loaded.hold_numbers.emplace(hold.id, number);
        snapshot.add_hold(std::move(hold));
    }
    for (const auto& id : keys.dead_letters)
        snapshot.add_missing_dead_letter(id);
    for (auto& letter : found.dead_letters)
        snapshot.add_dead_letter(std::move(letter));
    Skus known;
    for (const auto& item : found.items)
        known.insert(item.sku.text());
    for (auto& level : found.levels)
        // Whose item was made after we looked for it is not there either.
        if (known.contains(level.sku.text())) snapshot.add_level(std::move(level));
    for (auto& item : found.items)
        snapshot.add_item(std::move(item));
    for (const auto& srn : keys.records)
        snapshot.add_missing_record(srn);
    for (auto& record : found.records)
        snapshot.add_record(std::move(record));
    return loaded;
}

}  // namespace stockroom::store_postgres
