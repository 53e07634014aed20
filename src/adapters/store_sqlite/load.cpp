#include "load.hpp"

#include <algorithm>
#include <utility>

namespace stockroom::store_sqlite {

Loader::Loader(Connection& connection)
    : connection_(connection),
      rows_(connection),
      head_(connection,
            "SELECT position, number, movement, locations_version, at FROM log_head WHERE id = 1"),
      due_(connection,
           "SELECT number FROM holds WHERE state = 'pending' AND expires_at <= ? "
           "ORDER BY expires_at, number LIMIT ?") {}

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

void Loader::load_due(Loaded& loaded, Skus& skus) {
    std::vector<std::int64_t> numbers;
    for (Rows rows = due_.query(loaded.snapshot.now(), kMaxDueHolds + 1); rows.next();)
        numbers.push_back(rows.integer(0));
    const bool too_many = std::ssize(numbers) > kMaxDueHolds;
    if (too_many) {
        numbers.pop_back();
        loaded.snapshot.set_more_due();
    }
    Skus more;
    std::size_t lines = 0;
    for (const auto number : numbers) {
        auto hold = rows_.hold(number);
        if (!hold) return;
        if (loaded.hold_numbers.contains(hold->id)) continue;
        const bool wanted = std::ranges::any_of(
            hold->lines, [&skus](const auto& line) { return skus.contains(line.sku); });
        if (!wanted && !too_many) continue;
        lines += hold->lines.size();
        add_due(loaded, number, *std::move(hold), more);
        if (lines >= kMaxDueLines) {
            loaded.snapshot.set_more_due();
            break;
        }
    }
    skus.merge(more);
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

}  // namespace stockroom::store_sqlite
