#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "stockroom/store_format/order_counts.hpp"
#include "stockroom/store_format/states.hpp"

#include "write.hpp"

// What a batch has changed as columns: an array for each, so that a statement writes all rows of a
// table.

namespace stockroom::store_postgres {

using namespace store_format;

namespace {

using Texts = Array<std::string_view>;
using Integers = Array<std::int64_t>;
using Moneys = Array<base::Money>;
using Times = Array<base::Time>;
using Uuids = Array<base::Uuid>;

std::int64_t count(const auto& array) {
    return static_cast<std::int64_t>(array.size());
}

struct OrderLines {
    Integers numbers;
    Integers lines;
    Texts skus;
    Integers quantities;
    Moneys prices;
    Integers returned;
};

struct HoldLines {
    Integers numbers;
    Integers lines;
    Texts skus;
    Texts locations;
    Integers quantities;
    Integers posted;
    Integers voided;
};

struct DeadLetters {
    Uuids ids;
    Texts queues;
    Texts kinds;
    Array<Bytes> reasons;
    Texts states;
    Integers counts;
    Integers redeliveries;
    Times last;
    Texts actors;
    Texts decision_reasons;
    Times decided;
    Texts messages;
    Integers versions;
    Array<Bytes> bytes;
    Times first;

    /// A stored one keeps its body, unless it has come again.
    void add(const domain::DeadLetter& letter, bool is_stored) {
        const auto& decision = letter.decision;
        ids.add(letter.id);
        queues.add(letter.queue);
        kinds.add(letter.kind);
        reasons.add(Bytes{letter.reason});
        states.add(to_text(letter.state));
        counts.add(letter.count);
        redeliveries.add(letter.redeliveries);
        last.add(letter.last_at);
        actors.add(decision ? std::string_view(decision->actor) : std::string_view());
        decision_reasons.add(decision ? std::string_view(decision->reason) : std::string_view());
        decided.add(decision ? std::optional(decision->at) : std::nullopt);
        messages.add(letter.message);
        versions.add(letter.version);
        const bool keeps = is_stored && letter.bytes.empty();
        bytes.add(keeps ? std::nullopt : std::optional(Bytes{letter.bytes}));
        first.add(letter.first_at);
    }
};

/// Two writers of the same rows make them in the same order.
template <typename Row>
std::vector<const Row*> by_command(std::span<const Row> rows) {
    std::vector<const Row*> sorted;
    sorted.reserve(rows.size());
    for (const Row& row : rows)
        sorted.push_back(&row);
    std::ranges::sort(sorted, {}, [](const Row* row) { return row->command; });
    return sorted;
}

}  // namespace

void Writer::send_locations(const domain::Snapshot& snapshot) {
    for (const auto* location : snapshot.changed_locations()) {
        const auto& [state, stored, changed] = *location;
        Texts codes;
        Texts names;
        Integers priorities;
        Integers versions;
        Times created;
        codes.add(state.code.text());
        names.add(state.name);
        priorities.add(state.priority);
        versions.add(state.version);
        created.add(state.created_at);
        if (stored) {
            update_locations_.send(codes, names, priorities, versions, count(codes));
        } else {
            insert_locations_.send(codes, names, priorities, versions, created);
        }
    }
}

void Writer::send_items(const domain::Snapshot& snapshot) {
    const auto items = snapshot.changed_items();
    for (const bool as_stored : {true, false}) {
        Texts skus;
        Texts names;
        Texts labels;
        Moneys prices;
        Integers reorder_points;
        Array<bool> retired;
        Integers versions;
        Times created;
        Times updated;
        for (const auto* item : items) {
            const auto& [state, stored, changed] = *item;
            if (stored != as_stored) continue;
            skus.add(state.sku.text());
            names.add(state.name);
            labels.add(state.label);
            prices.add(state.price);
            reorder_points.add(state.reorder_point);
            retired.add(state.retired);
            versions.add(state.version);
            created.add(state.created_at);
            updated.add(state.updated_at);
        }
        if (skus.empty()) continue;
        if (as_stored) {
            update_items_.send(skus, names, labels, prices, reorder_points, retired, versions,
                               created, updated, count(skus));
        } else {
            insert_items_.send(skus, names, labels, prices, reorder_points, retired, versions,
                               created, updated);
        }
    }
}

void Writer::send_levels(const domain::Snapshot& snapshot) {
    const auto levels = snapshot.changed_levels();
    for (const bool as_stored : {true, false}) {
        Texts skus;
        Texts locations;
        Integers on_hand;
        Integers held;
        Integers versions;
        for (const auto* level : levels) {
            const auto& [state, stored, changed] = *level;
            if (stored != as_stored) continue;
            skus.add(state.sku.text());
            locations.add(state.location.text());
            on_hand.add(state.on_hand);
            held.add(state.held);
            versions.add(state.version);
        }
        if (skus.empty()) continue;
        if (as_stored) {
            update_levels_.send(skus, locations, on_hand, held, versions, count(skus));
        } else {
            insert_levels_.send(skus, locations, on_hand, held, versions);
        }
    }
}

void Writer::send_orders(const Loaded& loaded) {
    Integers numbers;
    Texts states;
    Integers versions;
    Times updated;
    Texts reasons;
    OrderLines lines;
    for (const auto* order : loaded.snapshot.changed_orders()) {
        const auto& [state, stored, changed] = *order;
        if (!stored) continue;
        const auto number = loaded.order_numbers.at(state.id);
        numbers.add(number);
        states.add(to_text(state.state));
        versions.add(state.version);
        updated.add(state.updated_at);
        reasons.add(state.cancel_reason);
        for (std::size_t line = 0; line < state.lines.size(); ++line) {
            if (state.lines[line].returned == 0) continue;
            lines.numbers.add(number);
            lines.lines.add(static_cast<std::int64_t>(line));
            lines.returned.add(state.lines[line].returned);
        }
    }
    if (!numbers.empty())
        update_orders_.send(numbers, states, versions, updated, reasons, count(numbers));
    if (!lines.numbers.empty())
        update_order_lines_.send(lines.numbers, lines.lines, lines.returned);
}

void Writer::send_new_orders(const Loaded& loaded) {
    Integers numbers;
    Uuids ids;
    Texts customers;
    Texts states;
    Moneys prices;
    Texts references;
    Texts actors;
    Integers versions;
    Times created;
    Times updated;
    Texts reasons;
    OrderLines lines;
    for (const auto* order : loaded.snapshot.changed_orders()) {
        const auto& [state, stored, changed] = *order;
        if (stored) continue;
        const auto number = loaded.order_numbers.at(state.id);
        numbers.add(number);
        ids.add(state.id);
        customers.add(state.customer);
        states.add(to_text(state.state));
        prices.add(state.execution_price);
        references.add(state.reference);
        actors.add(state.actor);
        versions.add(state.version);
        created.add(state.created_at);
        updated.add(state.updated_at);
        reasons.add(state.cancel_reason);
        std::int64_t place = 0;
        for (const auto& line : state.lines) {
            lines.numbers.add(number);
            lines.lines.add(place++);
            lines.skus.add(line.sku.text());
            lines.quantities.add(line.quantity);
            lines.prices.add(line.unit_price);
            lines.returned.add(line.returned);
        }
    }
    if (numbers.empty()) return;
    insert_orders_.send(numbers, ids, customers, states, prices, references, actors, versions,
                        created, updated, reasons);
    insert_order_lines_.send(lines.numbers, lines.lines, lines.skus, lines.quantities, lines.prices,
                             lines.returned);
}

void Writer::send_holds(const Loaded& loaded) {
    Integers numbers;
    Texts states;
    Times expiries;
    Integers versions;
    HoldLines lines;
    for (const auto* hold : loaded.snapshot.changed_holds()) {
        const auto& [state, stored, changed] = *hold;
        if (!stored) continue;
        const auto number = loaded.hold_numbers.at(state.id);
        numbers.add(number);
        states.add(to_text(state.state));
        expiries.add(state.expires_at);
        versions.add(state.version);
        for (std::size_t line = 0; line < state.lines.size(); ++line) {
            const auto& [sku, location, quantity, posted, voided] = state.lines[line];
            if (posted == 0 && voided == 0) continue;
            lines.numbers.add(number);
            lines.lines.add(static_cast<std::int64_t>(line));
            lines.posted.add(posted);
            lines.voided.add(voided);
        }
    }
    if (!numbers.empty()) update_holds_.send(numbers, states, expiries, versions, count(numbers));
    if (!lines.numbers.empty())
        update_hold_lines_.send(lines.numbers, lines.lines, lines.posted, lines.voided);
}

void Writer::send_new_holds(const Loaded& loaded) {
    Integers numbers;
    Uuids ids;
    Texts states;
    Times expiries;
    Integers versions;
    HoldLines lines;
    for (const auto* hold : loaded.snapshot.changed_holds()) {
        const auto& [state, stored, changed] = *hold;
        if (stored) continue;
        const auto number =
            state.order ? loaded.order_numbers.at(state.id) : loaded.hold_numbers.at(state.id);
        numbers.add(number);
        ids.add(state.order ? std::nullopt : std::optional(state.id));
        states.add(to_text(state.state));
        expiries.add(state.expires_at);
        versions.add(state.version);
        std::int64_t place = 0;
        for (const auto& [sku, location, quantity, posted, voided] : state.lines) {
            lines.numbers.add(number);
            lines.lines.add(place++);
            lines.skus.add(sku.text());
            lines.locations.add(location.text());
            lines.quantities.add(quantity);
            lines.posted.add(posted);
            lines.voided.add(voided);
        }
    }
    if (numbers.empty()) return;
    insert_holds_.send(numbers, ids, states, expiries, versions);
    insert_hold_lines_.send(lines.numbers, lines.lines, lines.skus, lines.locations,
                            lines.quantities, lines.posted, lines.voided);
}

void Writer::send_records(const domain::Snapshot& snapshot) {
    const auto records = snapshot.changed_records();
    for (const bool as_stored : {true, false}) {
        Texts srns;
        Texts names;
        Texts sections;
        Array<bool> deleted;
        Integers versions;
        Times created;
        Times updated;
        for (const auto* record : records) {
            const auto& [state, stored, changed] = *record;
            if (stored != as_stored) continue;
            srns.add(state.srn.text());
            names.add(state.name);
            sections.add(state.section);
            deleted.add(state.deleted);
            versions.add(state.version);
            created.add(state.created_at);
            updated.add(state.updated_at);
        }
        if (srns.empty()) continue;
        if (as_stored) {
            update_records_.send(srns, names, sections, deleted, versions, created, updated,
                                 count(srns));
        } else {
            insert_records_.send(srns, names, sections, deleted, versions, created, updated);
        }
    }
}

void Writer::send_movements(const ports::Commit& commit) {
    if (commit.movements.empty()) return;
    Texts skus;
    Texts locations;
    Texts kinds;
    Integers quantities;
    Texts reasons;
    Texts references;
    Uuids orders;
    Uuids commands;
    Texts actors;
    Times times;
    for (const auto& movement : commit.movements) {
        skus.add(movement.sku.text());
        locations.add(movement.location.text());
        kinds.add(to_text(movement.kind));
        quantities.add(movement.quantity);
        reasons.add(movement.reason);
        references.add(movement.reference);
        orders.add(movement.order);
        commands.add(movement.command);
        actors.add(movement.actor);
        times.add(movement.at);
    }
    insert_movements_.send(skus, locations, kinds, quantities, reasons, references, orders,
                           commands, actors, times);
}

void Writer::send_outcomes(const ports::Commit& commit) {
    if (commit.outcomes.empty()) return;
    Uuids commands;
    Texts kinds;
    Array<base::Fingerprint> fingerprints;
    Texts bytes;
    Times times;
    for (const auto* outcome : by_command(commit.outcomes)) {
        commands.add(outcome->command);
        kinds.add(outcome->kind);
        fingerprints.add(outcome->fingerprint);
        bytes.add(outcome->bytes);
        times.add(outcome->at);
    }
    insert_outcomes_.send(commands, kinds, fingerprints, bytes, times);
}

void Writer::send_dead_letters(const domain::Snapshot& snapshot) {
    const auto letters = snapshot.changed_dead_letters();
    for (const bool as_stored : {true, false}) {
        DeadLetters rows;
        for (const auto* letter : letters)
            if (letter->stored == as_stored) rows.add(letter->state, as_stored);
        if (rows.ids.empty()) continue;
        if (as_stored) {
            update_dead_letters_.send(rows.ids, rows.queues, rows.kinds, rows.reasons, rows.states,
                                      rows.counts, rows.redeliveries, rows.last, rows.actors,
                                      rows.decision_reasons, rows.decided, rows.messages,
                                      rows.versions, rows.bytes, count(rows.ids));
        } else {
            insert_dead_letters_.send(rows.ids, rows.queues, rows.kinds, rows.reasons, rows.states,
                                      rows.counts, rows.redeliveries, rows.last, rows.actors,
                                      rows.decision_reasons, rows.decided, rows.messages,
                                      rows.versions, rows.bytes, rows.first);
        }
    }
}

void Writer::send_dead(const ports::Commit& commit) {
    if (commit.dead.empty()) return;
    Uuids commands;
    Texts kinds;
    Texts queues;
    Array<Bytes> reasons;
    Array<Bytes> bytes;
    Times times;
    for (const auto* dead : by_command(commit.dead)) {
        commands.add(dead->command);
        kinds.add(dead->kind);
        queues.add(dead->queue);
        reasons.add(Bytes{dead->reason});
        bytes.add(Bytes{dead->bytes});
        times.add(dead->at);
    }
    insert_dead_.send(commands, kinds, queues, reasons, bytes, times);
}

void Writer::send_log(const Loaded& loaded, const ports::Commit& commit) {
    Texts types;
    Texts keys;
    Integers versions;
    Uuids commands;
    Texts actors;
    Times times;
    Texts data;
    for (const auto& event : commit.events) {
        types.add(event.type);
        keys.add(event.key);
        versions.add(event.version);
        commands.add(event.command);
        actors.add(event.actor);
        times.add(event.at);
        data.add(event.data);
    }
    insert_log_.send(count(commit.events), loaded.snapshot.now(),
                     count(loaded.snapshot.changed_locations()), loaded.locations_version, types,
                     keys, versions, commands, actors, times, data);
}

void Writer::send_statistics(const domain::Snapshot& snapshot) {
    for (const auto& [minute, count] : count_new_orders(snapshot))
        count_orders_.send(minute, count.processed, count.rejected, count.units.to_string(),
                           count.execution_price.to_string());
}

}  // namespace stockroom::store_postgres
