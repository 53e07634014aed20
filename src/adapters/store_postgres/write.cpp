#include "write.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "stockroom/base/check.hpp"

namespace stockroom::store_postgres {

namespace {

/// An UPDATE of exactly as many rows as the last parameter says, or a conflict.
std::string update_all(std::string_view update, std::string_view what, int count_parameter) {
    return fmt::format(
        "WITH changed AS ({} RETURNING 1) SELECT CASE WHEN count(*) <> ${} THEN "
        "conflict('{} that was loaded is gone') END FROM changed",
        update, count_parameter, what);
}

}  // namespace

Writer::Writer(Connection& connection)
    : connection_(connection),
      insert_items_(connection,
                    "INSERT INTO items (sku, name, label, price, reorder_point, retired, version, "
                    "created_at, updated_at) "
                    "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
      update_items_(connection,
                    update_all("UPDATE items SET name = t.name, label = t.label, price = t.price, "
                               "reorder_point = t.reorder_point, retired = t.retired, "
                               "version = t.version, created_at = t.created_at, "
                               "updated_at = t.updated_at "
                               "FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS t (sku, name, "
                               "label, price, reorder_point, retired, version, created_at, "
                               "updated_at) WHERE items.sku = t.sku",
                               "an item", 10)),
      insert_levels_(connection,
                     "INSERT INTO levels (sku, location, on_hand, held, version) "
                     "SELECT * FROM unnest($1, $2, $3, $4, $5)"),
      update_levels_(connection,
                     update_all("UPDATE levels SET on_hand = t.on_hand, held = t.held, "
                                "version = t.version FROM unnest($1, $2, $3, $4, $5) "
                                "AS t (sku, location, on_hand, held, version) "
                                "WHERE levels.sku = t.sku AND levels.location = t.location",
                                "a level", 6)),
      insert_locations_(connection,
                        "INSERT INTO locations (code, name, priority, version, created_at) "
                        "SELECT * FROM unnest($1, $2, $3, $4, $5)"),
      update_locations_(connection,
                        update_all("UPDATE locations SET name = t.name, priority = t.priority, "
                                   "version = t.version FROM unnest($1, $2, $3, $4) "
                                   "AS t (code, name, priority, version) "
                                   "WHERE locations.code = t.code",
                                   "a location", 5)),
      insert_orders_(connection,
                     "INSERT INTO orders (number, id, customer, state, execution_price, reference, "
                     "actor, version, created_at, updated_at, cancel_reason) "
                     "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
      update_orders_(connection,
                     update_all("UPDATE orders SET state = t.state, version = t.version, "
                                "updated_at = t.updated_at, cancel_reason = t.cancel_reason "
                                "FROM unnest($1, $2, $3, $4, $5) "
                                "AS t (number, state, version, updated_at, cancel_reason) "
                                "WHERE orders.number = t.number",
                                "an order", 6)),
      insert_order_lines_(connection,
                          "INSERT INTO order_lines (number, line, sku, quantity, unit_price, "
                          "returned) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)"),
      update_order_lines_(connection,
                          "UPDATE order_lines SET returned = t.returned "
                          "FROM unnest($1, $2, $3) AS t (number, line, returned) "
                          "WHERE order_lines.number = t.number AND order_lines.line = t.line "
                          "AND order_lines.returned <> t.returned"),
      insert_holds_(connection,
                    "INSERT INTO holds (number, id, state, expires_at, version) "
                    "SELECT * FROM unnest($1, $2, $3, $4, $5)"),
      update_holds_(connection,
                    update_all("UPDATE holds SET state = t.state, expires_at = t.expires_at, "
                               "version = t.version FROM unnest($1, $2, $3, $4) "
                               "AS t (number, state, expires_at, version) "
                               "WHERE holds.number = t.number",
                               "a hold", 5)),
      insert_hold_lines_(connection,
                         "INSERT INTO hold_lines (number, line, sku, location, quantity, posted, "
                         "voided) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)"),
      update_hold_lines_(connection,
                         "UPDATE hold_lines SET posted = t.posted, voided = t.voided "
                         "FROM unnest($1, $2, $3, $4) AS t (number, line, posted, voided) "
                         "WHERE hold_lines.number = t.number AND hold_lines.line = t.line "
                         "AND (hold_lines.posted, hold_lines.voided) <> (t.posted, t.voided)"),
      insert_records_(connection,
                      "INSERT INTO records (srn, name, section, deleted, version, created_at, "
                      "updated_at) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)"),
      update_records_(connection,
                      update_all("UPDATE records SET name = t.name, section = t.section, "
                                 "deleted = t.deleted, version = t.version, "
                                 "created_at = t.created_at, updated_at = t.updated_at "
                                 "FROM unnest($1, $2, $3, $4, $5, $6, $7) AS t (srn, name, "
                                 "section, deleted, version, created_at, updated_at) "
                                 "WHERE records.srn = t.srn",
                                 "a record", 8)),
      insert_movements_(connection,
                        "INSERT INTO movements (sku, number, location, kind, quantity, reason, "
                        "reference, order_id, command, actor, at) "
                        "SELECT sku, nextval('movement_numbers'), location, kind, quantity, "
                        "reason, reference, order_id, command, actor, at "
                        "FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS t (sku, location, "
                        "kind, quantity, reason, reference, order_id, command, actor, at)"),
      insert_outcomes_(connection,
                       "INSERT INTO outcomes (command, kind, fingerprint, bytes, at) "
                       "SELECT * FROM unnest($1, $2, $3, $4, $5)"),
      insert_dead_(connection,
                   "INSERT INTO dead_commands AS known (command, kind, queue, reason, bytes, at, "
                   "last_at) SELECT command, kind, queue, reason, bytes, at, at "
                   "FROM unnest($1, $2, $3, $4, $5, $6) "
                   "AS t (command, kind, queue, reason, bytes, at) "
                   "ON CONFLICT (command) DO UPDATE SET kind = excluded.kind, "
                   "queue = excluded.queue, reason = excluded.reason, bytes = excluded.bytes, "
                   "last_at = excluded.last_at, state = 'waiting', deaths = known.deaths + 1, "
                   "message = '' WHERE known.state <> 'waiting'"),
      insert_dead_letters_(connection,
                           "INSERT INTO dead_commands (command, queue, kind, reason, state, "
                           "deaths, redeliveries, last_at, decided_by, decision_reason, "
                           "decided_at, message, version, bytes, at) "
                           "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
                           "$12, $13, $14, $15)"),
      update_dead_letters_(
          connection,
          update_all("UPDATE dead_commands SET queue = t.queue, kind = t.kind, reason = t.reason, "
                     "state = t.state, deaths = t.deaths, redeliveries = t.redeliveries, "
                     "last_at = t.last_at, decided_by = t.decided_by, "
                     "decision_reason = t.decision_reason, decided_at = t.decided_at, "
                     "message = t.message, version = t.version, "
                     "bytes = coalesce(t.bytes, dead_commands.bytes) "
                     "FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
                     "AS t (command, queue, kind, reason, state, deaths, redeliveries, last_at, "
                     "decided_by, decision_reason, decided_at, message, version, bytes) "
                     "WHERE dead_commands.command = t.command",
                     "a dead letter", 15)),
      put_part_(connection,
                update_all("INSERT INTO health_parts (part, kind, state, at, version, incident) "
                           "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (part) DO UPDATE SET "
                           "kind = excluded.kind, state = excluded.state, at = excluded.at, "
                           "version = excluded.version, incident = excluded.incident "
                           "WHERE health_parts.version = excluded.version - 1",
                           "a version of a part", 7)),
      put_incident_(connection,
                    "INSERT INTO incidents (id, part, kind, state, cause, started_at, "
                    "reported_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                    "ON CONFLICT (id) DO UPDATE SET state = excluded.state, "
                    "ended_at = excluded.ended_at"),
      insert_log_(connection,
                  "WITH head AS (UPDATE log_head SET position = position + $1, "
                  "at = greatest(at, $2), locations_version = CASE WHEN $3 = 0 "
                  "THEN locations_version WHEN locations_version = $4 THEN locations_version + $3 "
                  "ELSE conflict('the locations are not as they were loaded') END "
                  "WHERE id = 1 RETURNING position - $1 AS before) "
                  "INSERT INTO log (position, type, key, version, command, actor, at, data) "
                  "SELECT before + place, type, key, version, command, actor, t.at, data FROM head "
                  "CROSS JOIN unnest($5, $6, $7, $8, $9, $10, $11) WITH ORDINALITY "
                  "AS t (type, key, version, command, actor, at, data, place)"),
      count_orders_(connection,
                    "SELECT count_orders($1, $2, $3, $4::text::numeric, "
                    "$5::text::numeric)"),
      numbers_(connection, "SELECT nextval('order_numbers') FROM generate_series(1, $1)"),
      commit_(connection, "COMMIT") {}

Expected<void> Writer::commit(Loaded& loaded, const ports::Commit& commit) {
    number_new_rows(loaded);
    if (connection_.failed()) return connection_.finish();
    const auto& snapshot = loaded.snapshot;
    send_locations(snapshot);
    send_items(snapshot);
    send_levels(snapshot);
    send_orders(loaded);
    send_new_orders(loaded);
    send_holds(loaded);
    send_new_holds(loaded);
    send_records(snapshot);
    send_movements(commit);
    send_outcomes(commit);
    send_dead_letters(snapshot);
    send_dead(commit);
    send_parts(commit);
    send_log(loaded, commit);
    send_statistics(snapshot);
    commit_.send();
    connection_.end_pipeline();
    connection_.receive_all();
    return connection_.finish();
}

void Writer::number_new_rows(Loaded& loaded) {
    std::vector<base::Uuid> orders;
    std::vector<base::Uuid> holds;
    for (const auto* order : loaded.snapshot.changed_orders())
        if (!order->stored) orders.push_back(order->state.id);
    for (const auto* hold : loaded.snapshot.changed_holds()) {
        const auto& [state, stored, changed] = *hold;
        CHECK(!state.order || *state.order == state.id, "an order's hold has the order's id");
        if (!stored && !state.order) holds.push_back(state.id);
    }
    auto& numbers = loaded.new_numbers;
    if (const auto needed = orders.size() + holds.size(); needed > numbers.size())
        for (Rows rows = numbers_.query(static_cast<std::int64_t>(needed - numbers.size()));
             rows.next();)
            numbers.push_back(rows.integer(0));
    if (connection_.failed()) return;
    const auto give = [&numbers](const auto& ids, auto& to) {
        for (const auto& id : ids) {
            to.insert_or_assign(id, numbers.front());
            numbers.pop_front();
        }
    };
    give(orders, loaded.order_numbers);
    give(holds, loaded.hold_numbers);
}

}  // namespace stockroom::store_postgres
