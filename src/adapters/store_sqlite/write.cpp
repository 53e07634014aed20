#include "write.hpp"

#include <string>

#include "stockroom/base/check.hpp"
#include "stockroom/store_format/order_counts.hpp"
#include "stockroom/store_format/states.hpp"

namespace stockroom::store_sqlite {

using namespace store_format;

Writer::Writer(Connection& connection)
    : connection_(connection),
      insert_item_(connection,
                   "INSERT INTO items (sku, name, label, price, reorder_point, retired, version, "
                   "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      update_item_(connection,
                   "UPDATE items SET name = ?2, label = ?3, price = ?4, reorder_point = ?5, "
                   "retired = ?6, version = ?7, created_at = ?8, updated_at = ?9 WHERE sku = ?1"),
      item_name_(connection, "SELECT name FROM items WHERE sku = ?"),
      insert_words_(connection,
                    "INSERT INTO item_words (rowid, name) "
                    "SELECT number, name FROM items WHERE sku = ? AND name <> ''"),
      delete_words_(connection,
                    "DELETE FROM item_words "
                    "WHERE rowid = (SELECT number FROM items WHERE sku = ?)"),
      insert_level_(connection,
                    "INSERT INTO levels (sku, location, on_hand, held, version) "
                    "VALUES (?, ?, ?, ?, ?)"),
      update_level_(connection,
                    "UPDATE levels SET on_hand = ?3, held = ?4, version = ?5 "
                    "WHERE sku = ?1 AND location = ?2"),
      insert_location_(connection,
                       "INSERT INTO locations (code, name, priority, version, created_at) "
                       "VALUES (?, ?, ?, ?, ?)"),
      update_location_(connection,
                       "UPDATE locations SET name = ?2, priority = ?3, version = ?4 "
                       "WHERE code = ?1"),
      insert_order_(connection,
                    "INSERT INTO orders (number, id, customer, state, execution_price, reference, "
                    "actor, version, created_at, updated_at, cancel_reason) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      update_order_(connection,
                    "UPDATE orders SET state = ?2, version = ?3, updated_at = ?4, "
                    "cancel_reason = ?5 "
                    "WHERE number = ?1"),
      insert_order_line_(connection,
                         "INSERT INTO order_lines (number, line, sku, quantity, unit_price, "
                         "returned) VALUES (?, ?, ?, ?, ?, ?)"),
      update_order_line_(connection,
                         "UPDATE order_lines SET returned = ?3 "
                         "WHERE number = ?1 AND line = ?2 AND returned <> ?3"),
      insert_hold_(connection,
                   "INSERT INTO holds (number, id, state, expires_at, version) "
                   "VALUES (?, ?, ?, ?, ?)"),
      update_hold_(connection,
                   "UPDATE holds SET state = ?2, expires_at = ?3, version = ?4 "
                   "WHERE number = ?1"),
      insert_hold_line_(connection,
                        "INSERT INTO hold_lines (number, line, sku, location, quantity, posted, "
                        "voided) VALUES (?, ?, ?, ?, ?, ?, ?)"),
      update_hold_line_(connection,
                        "UPDATE hold_lines SET posted = ?3, voided = ?4 "
                        "WHERE number = ?1 AND line = ?2 AND (posted <> ?3 OR voided <> ?4)"),
      insert_record_(connection,
                     "INSERT INTO records (srn, name, section, deleted, version, created_at, "
                     "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)"),
      update_record_(connection,
                     "UPDATE records SET name = ?2, section = ?3, deleted = ?4, version = ?5, "
                     "created_at = ?6, updated_at = ?7 WHERE srn = ?1"),
      insert_movement_(connection,
                       "INSERT INTO movements (sku, number, location, kind, quantity, reason, "
                       "reference, order_id, command, actor, at) "
                       "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      insert_outcome_(connection,
                      "INSERT INTO outcomes (command, kind, fingerprint, bytes, at) "
                      "VALUES (?, ?, ?, ?, ?)"),
      insert_dead_(connection,
                   "INSERT INTO dead_commands (command, kind, queue, reason, bytes, at, last_at) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT (command) DO UPDATE SET "
                   "kind = ?2, queue = ?3, reason = ?4, bytes = ?5, last_at = ?6, "
                   "state = 'waiting', deaths = deaths + 1, message = '' "
                   "WHERE state <> 'waiting'"),
      insert_dead_letter_(connection,
                          "INSERT INTO dead_commands (command, queue, kind, reason, state, deaths, "
                          "redeliveries, last_at, decided_by, decision_reason, decided_at, "
                          "message, version, at, bytes) "
                          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      update_dead_letter_(connection,
                          "UPDATE dead_commands SET queue = ?2, kind = ?3, reason = ?4, "
                          "state = ?5, deaths = ?6, redeliveries = ?7, last_at = ?8, "
                          "decided_by = ?9, decision_reason = ?10, decided_at = ?11, "
                          "message = ?12, version = ?13, bytes = coalesce(?14, bytes) "
                          "WHERE command = ?1"),
      insert_event_(connection,
                    "INSERT INTO log (position, type, key, version, command, actor, at, data) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      put_part_(connection,
                "INSERT INTO health_parts (part, kind, state, at, version, incident) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (part) DO UPDATE SET "
                "kind = excluded.kind, state = excluded.state, at = excluded.at, "
                "version = excluded.version, incident = excluded.incident "
                "WHERE health_parts.version = excluded.version - 1"),
      put_incident_(connection,
                    "INSERT INTO incidents (id, part, kind, state, cause, started_at, "
                    "reported_at, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT (id) DO UPDATE SET state = excluded.state, "
                    "ended_at = excluded.ended_at"),
      // SQLite's own answer to "ON CONFLICT after SELECT": a WHERE, also where there is none to
      // need.
      start_minute_(connection,
                    "INSERT INTO order_statistics "
                    "SELECT ?1, coalesce(max(processed), 0), coalesce(max(rejected), 0), "
                    "coalesce(max(units_billions), 0), coalesce(max(units_rest), 0), "
                    "coalesce(max(price_billions), 0), coalesce(max(price_rest), 0) "
                    "FROM (SELECT * FROM order_statistics WHERE minute < ?1 "
                    "ORDER BY minute DESC LIMIT 1) WHERE true "
                    "ON CONFLICT (minute) DO NOTHING"),
      count_orders_(connection,
                    "UPDATE order_statistics SET processed = processed + ?2, "
                    "rejected = rejected + ?3, "
                    "units_billions = units_billions + ?4 + (units_rest + ?5) / 1000000000, "
                    "units_rest = (units_rest + ?5) % 1000000000, "
                    "price_billions = price_billions + ?6 + (price_rest + ?7) / 1000000000, "
                    "price_rest = (price_rest + ?7) % 1000000000 WHERE minute >= ?1"),
      update_head_(connection,
                   "UPDATE log_head SET position = ?, number = ?, movement = ?, "
                   "locations_version = ?, at = ? WHERE id = 1") {}

Expected<void> Writer::write(Loaded& loaded, const ports::Commit& commit) {
    const auto& snapshot = loaded.snapshot;
    LogHead& head = loaded.head;
    for (const auto* location : snapshot.changed_locations()) {
        write_location(*location);
        ++head.locations_version;
    }
    for (const auto* item : snapshot.changed_items())
        write_item(*item);
    for (const auto* level : snapshot.changed_levels())
        write_level(*level);
    for (const auto* order : snapshot.changed_orders())
        write_order(loaded, *order);
    for (const auto* hold : snapshot.changed_holds())
        write_hold(loaded, *hold);
    write_statistics(snapshot);
    for (const auto* record : snapshot.changed_records())
        write_record(*record);
    for (const auto* letter : snapshot.changed_dead_letters())
        write_dead_letter(*letter);
    write_parts(commit);
    write_facts(head, commit);
    update(update_head_, head.position, head.number, head.movement, head.locations_version,
           snapshot.now());
    return connection_.finish();
}

template <typename... Values>
void Writer::update(Statement& statement, const Values&... values) {
    if (statement.run(values...) && connection_.changes() != 1)
        connection_.fail({ports::ErrorKind::conflict, "sqlite: a row that was loaded is gone"});
}

void Writer::write_item(const domain::Tracked<domain::Item>& item) {
    const auto& [state, stored, changed] = item;
    const auto write = [&](auto&& run) {
        run(state.sku.text(), state.name, state.label, state.price, state.reorder_point,
            state.retired, state.version, state.created_at, state.updated_at);
    };
    if (!stored) {
        write([&](const auto&... values) { insert_item_.run(values...); });
        insert_words_.run(state.sku.text());
        return;
    }
    bool renamed = false;
    {
        Rows rows = item_name_.query(state.sku.text());
        renamed = rows.next() && rows.text(0) != state.name;
    }
    if (renamed) delete_words_.run(state.sku.text());
    write([&](const auto&... values) { update(update_item_, values...); });
    if (renamed) insert_words_.run(state.sku.text());
}

void Writer::write_level(const domain::Tracked<domain::Level>& level) {
    const auto& [state, stored, changed] = level;
    if (stored) {
        update(update_level_, state.sku.text(), state.location.text(), state.on_hand, state.held,
               state.version);
    } else {
        insert_level_.run(state.sku.text(), state.location.text(), state.on_hand, state.held,
                          state.version);
    }
}

void Writer::write_location(const domain::Tracked<domain::Location>& location) {
    const auto& [state, stored, changed] = location;
    if (stored) {
        update(update_location_, state.code.text(), state.name, state.priority, state.version);
    } else {
        insert_location_.run(state.code.text(), state.name, state.priority, state.version,
                             state.created_at);
    }
}

void Writer::write_order(Loaded& loaded, const domain::Tracked<domain::Order>& order) {
    const auto& [state, stored, changed] = order;
    std::int64_t line = 0;
    if (stored) {
        const auto number = loaded.order_numbers.at(state.id);
        update(update_order_, number, to_text(state.state), state.version, state.updated_at,
               state.cancel_reason);
        for (const auto& [sku, quantity, unit_price, returned] : state.lines) {
            if (returned != 0) update_order_line_.run(number, line, returned);
            ++line;
        }
        return;
    }
    const auto number = ++loaded.head.number;
    loaded.order_numbers.emplace(state.id, number);
    insert_order_.run(number, state.id, state.customer, to_text(state.state), state.execution_price,
                      state.reference, state.actor, state.version, state.created_at,
                      state.updated_at, state.cancel_reason);
    for (const auto& [sku, quantity, unit_price, returned] : state.lines)
        insert_order_line_.run(number, line++, sku.text(), quantity, unit_price, returned);
}

void Writer::write_hold(Loaded& loaded, const domain::Tracked<domain::Hold>& hold) {
    const auto& [state, stored, changed] = hold;
    std::int64_t line = 0;
    if (stored) {
        const auto number = loaded.hold_numbers.at(state.id);
        update(update_hold_, number, to_text(state.state), state.expires_at, state.version);
        for (const auto& [sku, location, quantity, posted, voided] : state.lines) {
            if (posted != 0 || voided != 0) update_hold_line_.run(number, line, posted, voided);
            ++line;
        }
        return;
    }
    CHECK(!state.order || *state.order == state.id, "an order's hold has the order's id");
    const auto number = state.order ? loaded.order_numbers.at(*state.order) : ++loaded.head.number;
    insert_hold_.run(number, state.order ? std::nullopt : std::optional(state.id),
                     to_text(state.state), state.expires_at, state.version);
    for (const auto& [sku, location, quantity, posted, voided] : state.lines)
        insert_hold_line_.run(number, line++, sku.text(), location.text(), quantity, posted,
                              voided);
}

void Writer::write_statistics(const domain::Snapshot& snapshot) {
    for (const auto& [minute, count] : count_new_orders(snapshot)) {
        start_minute_.run(minute);
        count_orders_.run(minute, count.processed, count.rejected, count.units.billions(),
                          count.units.rest(), count.execution_price.billions(),
                          count.execution_price.rest());
    }
}

void Writer::write_record(const domain::Tracked<domain::Record>& record) {
    const auto& [state, stored, changed] = record;
    if (stored) {
        update(update_record_, state.srn.text(), state.name, state.section, state.deleted,
               state.version, state.created_at, state.updated_at);
    } else {
        insert_record_.run(state.srn.text(), state.name, state.section, state.deleted,
                           state.version, state.created_at, state.updated_at);
    }
}

void Writer::write_dead_letter(const domain::Tracked<domain::DeadLetter>& letter) {
    const auto& [state, stored, changed] = letter;
    const auto decision = state.decision.value_or(domain::DeadLetterDecision{});
    const auto decided_at = state.decision ? std::optional(decision.at) : std::nullopt;
    const auto write = [&](auto&& run) {
        run(state.id, state.queue, state.kind, state.reason, to_text(state.state), state.count,
            state.redeliveries, state.last_at, decision.actor, decision.reason, decided_at,
            state.message, state.version);
    };
    if (stored) {
        const auto bytes = state.bytes.empty() ? std::nullopt : std::optional(state.bytes);
        write([&](const auto&... values) { update(update_dead_letter_, values..., bytes); });
    } else {
        write([&](const auto&... values) {
            insert_dead_letter_.run(values..., state.first_at, state.bytes);
        });
    }
}

void Writer::write_parts(const ports::Commit& commit) {
    for (const auto& change : commit.parts) {
        const auto& incident = change.incident;
        const bool goes_on = incident && !incident->ended_at;
        update(put_part_, change.part, to_text(change.kind), to_text(change.state), change.at,
               change.version, goes_on ? std::optional(incident->id) : std::nullopt);
        if (incident)
            put_incident_.run(incident->id, incident->part, to_text(incident->kind),
                              to_text(incident->state), incident->cause, incident->started_at,
                              incident->reported_at, incident->ended_at);
    }
}

void Writer::write_facts(LogHead& head, const ports::Commit& commit) {
    for (const auto& movement : commit.movements)
        insert_movement_.run(movement.sku.text(), ++head.movement, movement.location.text(),
                             to_text(movement.kind), movement.quantity, movement.reason,
                             movement.reference, movement.order, movement.command, movement.actor,
                             movement.at);
    for (const auto& outcome : commit.outcomes)
        insert_outcome_.run(outcome.command, outcome.kind, outcome.fingerprint, outcome.bytes,
                            outcome.at);
    for (const auto& dead : commit.dead)
        insert_dead_.run(dead.command, dead.kind, dead.queue, dead.reason, dead.bytes, dead.at);
    for (const auto& event : commit.events)
        insert_event_.run(++head.position, event.type, event.key, event.version, event.command,
                          event.actor, event.at, event.data);
}

}  // namespace stockroom::store_sqlite
