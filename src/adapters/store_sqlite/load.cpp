#include "load.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace stockroom::store_sqlite {

Loader::Loader(Connection& connection)
    : connection_(connection),
      rows_(connection),
      dead_letters_(connection),
      head_(connection,
            "SELECT position, number, movement, locations_version, at FROM log_head WHERE id = 1"),
      due_(connection,
           "SELECT holds.number, hold_lines.sku FROM holds "
           "CROSS JOIN hold_lines ON hold_lines.number = holds.number "
           "WHERE holds.state = 'pending' AND holds.expires_at <= ? "
           "ORDER BY holds.expires_at, holds.number") {}

Expected<Loaded> Loader::load(std::span<const base::Uuid> commands, const domain::Keys& keys) {
    const LogHead head = read_head();
    Loaded loaded(head, std::max(base::Time::now(), head.at));
    for (const auto& command : commands) {
        if (auto outcome = rows_.outcome(command)) loaded.outcomes.push_back(*std::move(outcome));
    }
    load_locations(loaded);
    Skus skus(keys.skus.begin(), keys.skus.end());
    for (const auto& id : keys.orders)
        load_order(loaded, id, skus);
    load_due(loaded, skus);
    load_stock(loaded, skus);
    load_records(loaded, keys);
    for (const auto& id : keys.dead_letters)
        load_dead_letter(loaded, id);
    return connection_.finish(std::move(loaded));
}

LogHead Loader::read_head() {
    Rows rows = head_.query();
    if (!rows.next()) {
        connection_.fail_corrupt("log_head");
        return {};
    }
    return {.position = rows.integer(0),
            .number = rows.integer(1),
            .movement = rows.integer(2),
            .locations_version = rows.integer(3),
            .at = rows.time(4)};
}

void Loader::load_locations(Loaded& loaded) {
    if (locations_version_ != loaded.head.locations_version) {
        locations_ = rows_.locations();
        if (connection_.failed()) return;
        locations_version_ = loaded.head.locations_version;
    }
    for (const auto& location : locations_)
        loaded.snapshot.add_location(location);
}

void Loader::load_order(Loaded& loaded, const base::Uuid& id, Skus& skus) {
    auto order = rows_.order(id);
    if (!order) {
        loaded.snapshot.add_missing_order(id);
        return;
    }
    for (const auto& line : order->row.lines)
        skus.insert(line.sku);
    loaded.order_numbers.emplace(id, order->number);
    loaded.snapshot.add_order(std::move(order->row));
    if (auto hold = rows_.hold(order->number)) {
        loaded.hold_numbers.emplace(hold->id, order->number);
        loaded.snapshot.add_hold(*std::move(hold));
    }
}

void Loader::load_dead_letter(Loaded& loaded, const base::Uuid& id) {
    if (auto letter = dead_letters_.find(id, 0)) {
        loaded.snapshot.add_dead_letter(*std::move(letter));
    } else {
        loaded.snapshot.add_missing_dead_letter(id);
    }
}

std::vector<std::int64_t> Loader::find_due(Loaded& loaded, const Skus& skus) {
    std::unordered_set<std::string_view> wanted_skus;
    for (const auto& sku : skus)
        wanted_skus.insert(sku.text());
    std::vector<std::int64_t> all;
    std::vector<std::int64_t> wanted;
    std::size_t lines = 0;
    // A row for each line of each hold, hold after hold.
    for (Rows rows = due_.query(loaded.snapshot.now()); rows.next(); ++lines) {
        const auto number = rows.integer(0);
        if (all.empty() || all.back() != number) {
            if (all.size() == kMaxDueHolds || lines >= kMaxDueLines) {
                loaded.snapshot.set_more_due();
                return all;
            }
            all.push_back(number);
        }
        if ((wanted.empty() || wanted.back() != number) && wanted_skus.contains(rows.text(1)))
            wanted.push_back(number);
    }
    return wanted;
}

void Loader::load_due(Loaded& loaded, Skus& skus) {
    if (skus.empty()) return;
    for (const auto number : find_due(loaded, skus)) {
        auto hold = rows_.hold(number);
        if (!hold) return;
        if (!loaded.hold_numbers.contains(hold->id))
            add_due(loaded, number, *std::move(hold), skus);
    }
}

void Loader::add_due(Loaded& loaded, std::int64_t number, domain::Hold hold, Skus& skus) {
    for (const auto& line : hold.lines)
        skus.insert(line.sku);
    if (hold.order) {
        auto order = rows_.order(number);
        if (!order) return;
        loaded.order_numbers.emplace(order->id, number);
        loaded.snapshot.add_order(*std::move(order));
    }
    loaded.hold_numbers.emplace(hold.id, number);
    loaded.snapshot.add_hold(std::move(hold));
}

void Loader::load_stock(Loaded& loaded, const Skus& skus) {
    for (const auto& sku : skus) {
        loaded.snapshot.add_sku(sku);
        auto item = rows_.item(sku);
        if (!item) continue;  // no level either: levels refer to items
        loaded.snapshot.add_item(*std::move(item));
        for (auto& level : rows_.levels(sku))
            loaded.snapshot.add_level(std::move(level));
    }
}

void Loader::load_records(Loaded& loaded, const domain::Keys& keys) {
    for (const auto& srn : keys.records) {
        if (auto record = rows_.record(srn)) {
            loaded.snapshot.add_record(*std::move(record));
        } else {
            loaded.snapshot.add_missing_record(srn);
        }
    }
}

}  // namespace stockroom::store_sqlite
