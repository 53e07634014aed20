#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "stockroom/domain/decide.hpp"

#include "enumerators.hpp"

namespace stockroom::domain::testing {

inline Sku sku(std::string_view text) {
    return Sku::parse(text).value();
}

inline LocationCode location(std::string_view text) {
    return LocationCode::parse(text).value();
}

inline Srn srn(std::string_view text) {
    return Srn::parse(text).value();
}

inline Uuid id(std::uint8_t number) {
    Uuid::Bytes bytes{};
    bytes.back() = number;
    return Uuid(bytes);
}

inline Time second(std::int64_t seconds) {
    return Time::from_microseconds(seconds * 1'000'000);
}

inline Money cents(std::int64_t minor) {
    return Money::from_minor(minor);
}

inline Location open_location(std::string_view code) {
    return {
        .code = location(code), .name = "", .priority = 100, .version = 1, .created_at = second(0)};
}

inline OrderedLine line(std::string_view of, Quantity quantity) {
    return {sku(of), quantity};
}

inline CreateItem new_item(std::string_view name, std::int64_t price = 100) {
    return {.sku = sku(name),
            .name = "",
            .label = "",
            .price = cents(price),
            .reorder_point = 0,
            .opening = {}};
}

inline PlaceOrder new_order(std::vector<OrderedLine> lines) {
    return {.customer = "c-1", .lines = std::move(lines), .reference = ""};
}

inline ReceiveStock receipt(std::string_view of, std::string_view where, Quantity quantity) {
    return {sku(of), location(where), quantity, "", ""};
}

inline AdjustStock adjustment(std::string_view of, std::string_view where, Quantity quantity) {
    return {sku(of), location(where), quantity, "", ""};
}

/// What there is before a decision: everything is always loaded. Starts at second 0 with the
/// location main.
class World {
  public:
    World() { put(open_location("main")); }

    World& clock(std::int64_t seconds) {
        now_ = second(seconds);
        return *this;
    }
    World& put(Level level) {
        levels_.insert_or_assign({level.sku, level.location}, level);
        return *this;
    }
    World& put(Location where) {
        locations_.push_back(std::move(where));
        return *this;
    }
    World& put(Order order) {
        orders_.insert_or_assign(order.id, order);
        return *this;
    }
    World& put(Hold hold) {
        holds_.insert_or_assign(hold.id, hold);
        return *this;
    }
    World& put(Record record) {
        records_.insert_or_assign(record.srn, record);
        return *this;
    }
    World& put(DeadLetter letter) {
        dead_letters_.insert_or_assign(letter.id, letter);
        return *this;
    }
    /// An item with stock at main.
    World& item(std::string_view name, Quantity stock = 0, std::int64_t price = 100) {
        CreateItem wish = new_item(name, price);
        if (stock > 0) wish.opening.push_back({LocationCode::main(), stock});
        return after(wish);
    }
    World& with_location(std::string_view code, std::int64_t priority) {
        return after(CreateLocation{location(code), "", priority});
    }
    World& with_stock(std::string_view of, std::string_view where, Quantity quantity) {
        return after(receipt(of, where, quantity));
    }
    /// An order with this id.
    World& order(std::uint8_t number, PlaceOrder wish) {
        next_id_ = number;
        return after(std::move(wish));
    }
    World& after(CommandBody body) {
        const Command command{id(next_id_), "user:given", {}, std::move(body)};
        next_id_ = kGivenId;
        const Snapshot before = snapshot();
        apply(domain::decide(before, command).changes);
        return *this;
    }
    /// As command id(200) of user:test.
    [[nodiscard]] Decision decide(CommandBody body) const {
        return domain::decide(snapshot(), Command{id(200), "user:test", {}, std::move(body)});
    }
    [[nodiscard]] Decision decide_and_apply(CommandBody body) {
        Decision decision = decide(std::move(body));
        apply(decision.changes);
        return decision;
    }

    [[nodiscard]] Snapshot snapshot() const {
        Snapshot snapshot(now_);
        for (const Location& where : locations_)
            snapshot.add_location(where);
        for (const std::string_view name : {"A", "B", "C", "unknown"})
            snapshot.add_sku(sku(name));
        for (const auto& [name, item] : items_)
            snapshot.add_item(item);
        for (const auto& [key, level] : levels_)
            snapshot.add_level(level);
        snapshot.add_missing_order(id(99));
        for (const auto& [key, order] : orders_)
            snapshot.add_order(order);
        for (const auto& [key, hold] : holds_)
            snapshot.add_hold(hold);
        snapshot.add_missing_record(srn("unknown"));
        snapshot.add_missing_record(srn("R"));
        for (const auto& [name, record] : records_)
            snapshot.add_record(record);
        snapshot.add_missing_dead_letter(id(98));
        for (const auto& [key, letter] : dead_letters_)
            snapshot.add_dead_letter(letter);
        return snapshot;
    }
    [[nodiscard]] const Item& item_of(std::string_view name) const { return items_.at(sku(name)); }
    [[nodiscard]] const Order& order_of(std::uint8_t number) const {
        return orders_.at(id(number));
    }
    [[nodiscard]] const Record& record_of(std::string_view name) const {
        return records_.at(srn(name));
    }
    [[nodiscard]] const Hold& hold_of(std::uint8_t number) const { return holds_.at(id(number)); }
    /// {on hand, held}; both 0 where there never was anything.
    [[nodiscard]] std::pair<Quantity, Quantity> stock(std::string_view of,
                                                      std::string_view where = "main") const {
        const auto level = levels_.find({sku(of), location(where)});
        if (level == levels_.end()) return {0, 0};
        return {level->second.on_hand, level->second.held};
    }

  private:
    static constexpr std::uint8_t kGivenId = 100;

    void apply(const Changes& changes) {
        for (const Item& item : changes.items)
            items_.insert_or_assign(item.sku, item);
        for (const Level& level : changes.levels)
            put(level);
        for (const Location& where : changes.locations)
            put(where);
        for (const Order& order : changes.orders)
            put(order);
        for (const Hold& hold : changes.holds)
            put(hold);
        for (const Record& record : changes.records)
            put(record);
        for (const DeadLetter& letter : changes.dead_letters)
            put(letter);
    }

    Time now_ = second(0);
    std::uint8_t next_id_ = kGivenId;
    std::vector<Location> locations_;
    std::map<Sku, Item> items_;
    std::map<std::pair<Sku, LocationCode>, Level> levels_;
    std::map<Uuid, Order> orders_;
    std::map<Uuid, Hold> holds_;
    std::map<Srn, Record> records_;
    std::map<Uuid, DeadLetter> dead_letters_;
};

/// Given a world, when a command comes, then this is its outcome.
template <typename Code>
struct Row {
    Row(std::string row_name, World world, CommandBody command, Code code, std::string about = "")
        : name(std::move(row_name)),
          given(std::move(world)),
          when(std::move(command)),
          then(code),
          field(std::move(about)) {}

    std::string name;
    World given;
    CommandBody when;
    Code then;
    std::string field;
};

/// Whether the outcome tells the present state besides the refusal (outcome.hpp, Result).
inline bool tells_state(std::string_view code) {
    static const std::set<std::string_view> telling = {
        "wrong_state",    "not_due",        "version_mismatch", "insufficient_stock",
        "already_exists", "has_open_holds", "queue_unknown"};
    return telling.contains(code);
}

/// Decides each row, and asks that every outcome of the enum has one. The enumerators before
/// `first_done` refuse, and with them nothing changes unless `may_change` (expiry).
template <typename Code>
void expect_rows(const std::vector<Row<Code>>& rows, Code first_done) {
    const auto names = enumerator_names<Code>();
    std::set<std::string_view> seen;
    for (const Row<Code>& row : rows) {
        SCOPED_TRACE(row.name);
        const Decision decision = row.given.decide(row.when);
        const auto* code = std::get_if<Code>(&decision.outcome.code);
        ASSERT_NE(code, nullptr);
        const auto name = names.at(static_cast<std::size_t>(*code));
        EXPECT_EQ(name, names.at(static_cast<std::size_t>(row.then)));
        EXPECT_EQ(decision.outcome.field, row.field);
        const bool is_refused = *code < first_done;
        EXPECT_EQ(decision.outcome.result.index() != 0, !is_refused || tells_state(name));
        if (is_refused) EXPECT_TRUE(decision.changes.empty());
        seen.insert(name);
    }
    for (const std::string_view name : names)
        EXPECT_TRUE(seen.contains(name)) << "no row for " << name;
}

}  // namespace stockroom::domain::testing
