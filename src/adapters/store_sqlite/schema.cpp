#include "schema.hpp"

#include <array>

#include <fmt/format.h>

namespace stockroom::store_sqlite {

namespace {

/// "Stkr", in the file's header, so that file(1) and we can tell it from other SQLite files.
constexpr std::int64_t kApplicationId = 0x53746b72;

/// Each is applied once, in this order, and never edited after a release. Ids are 16 bytes, times
/// microseconds since 1970, money minor units.
constexpr std::array kMigrations{
    R"sql(
-- What every commit takes last: the counters, and the time, which never goes back.
CREATE TABLE log_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL,         -- of the log's last line
    number INTEGER NOT NULL,           -- of the newest order or hold
    movement INTEGER NOT NULL,         -- of the ledger's last line
    locations_version INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
INSERT INTO log_head VALUES (1, 0, 0, 0, 1, 0);

CREATE TABLE locations (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    priority INTEGER NOT NULL CHECK (priority >= 0),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX locations_by_priority ON locations (priority, code);
INSERT INTO locations
VALUES ('main', 'Main', 1, 1, unixepoch('now') * 1000000);

CREATE TABLE items (
    number INTEGER PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    price INTEGER NOT NULL CHECK (price >= 0),
    reorder_point INTEGER NOT NULL CHECK (reorder_point BETWEEN 0 AND 9007199254740991),
    retired INTEGER NOT NULL CHECK (retired IN (0, 1)),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX items_by_folded_sku ON items (sku COLLATE NOCASE);
CREATE INDEX items_by_label ON items (label, sku) WHERE label <> '';
-- rowid = items.number; items without a name are left out.
CREATE VIRTUAL TABLE item_words USING fts5 (
    name, tokenize = "unicode61 remove_diacritics 0");

CREATE TABLE levels (
    sku TEXT NOT NULL REFERENCES items (sku),
    location TEXT NOT NULL REFERENCES locations (code),
    on_hand INTEGER NOT NULL CHECK (on_hand BETWEEN 0 AND 9007199254740991),
    held INTEGER NOT NULL CHECK (held BETWEEN 0 AND on_hand),
    version INTEGER NOT NULL CHECK (version >= 1),
    PRIMARY KEY (sku, location)
) STRICT, WITHOUT ROWID;

-- The ledger.
CREATE TABLE movements (
    sku TEXT NOT NULL,
    number INTEGER NOT NULL,           -- grows over all SKUs, in commit order
    location TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('opening', 'receipt', 'adjustment', 'shipment',
                                       'customer_return', 'retirement')),
    quantity INTEGER NOT NULL
        CHECK (quantity <> 0 AND quantity BETWEEN -9007199254740991 AND 9007199254740991),
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,
    order_id BLOB CHECK (length(order_id) = 16),
    command BLOB NOT NULL CHECK (length(command) = 16),
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (sku, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER movements_are_not_changed BEFORE UPDATE ON movements
BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER movements_are_not_removed BEFORE DELETE ON movements
BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;

CREATE TABLE orders (
    number INTEGER PRIMARY KEY,        -- in the order of creation
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    customer TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'confirmed', 'partially_fulfilled',
                                         'fulfilled', 'rejected', 'expired', 'cancelled')),
    execution_price INTEGER NOT NULL CHECK (execution_price >= 0),
    reference TEXT NOT NULL,
    actor TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    cancel_reason TEXT NOT NULL
) STRICT;
CREATE INDEX orders_by_customer ON orders (customer) WHERE customer <> '';

CREATE TABLE order_lines (
    number INTEGER NOT NULL REFERENCES orders (number),
    line INTEGER NOT NULL,
    sku TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 9007199254740991),
    unit_price INTEGER NOT NULL CHECK (unit_price >= 0),
    returned INTEGER NOT NULL CHECK (returned BETWEEN 0 AND quantity),
    PRIMARY KEY (number, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    number INTEGER PRIMARY KEY,        -- its order's, if it has one
    id BLOB CHECK (length(id) = 16),   -- NULL: it is the hold of the order with this number
    state TEXT NOT NULL CHECK (state IN ('pending', 'committed', 'expired', 'ended')),
    expires_at INTEGER,
    version INTEGER NOT NULL CHECK (version >= 1),
    CHECK (state <> 'pending' OR expires_at IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX holds_by_id ON holds (id) WHERE id IS NOT NULL;
CREATE INDEX holds_by_expiry ON holds (expires_at) WHERE state = 'pending';

CREATE TABLE hold_lines (
    number INTEGER NOT NULL REFERENCES holds (number),
    line INTEGER NOT NULL,
    sku TEXT NOT NULL,
    location TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 9007199254740991),
    posted INTEGER NOT NULL CHECK (posted >= 0),
    voided INTEGER NOT NULL CHECK (voided >= 0),
    PRIMARY KEY (number, line),
    CHECK (posted + voided <= quantity)
) STRICT, WITHOUT ROWID;
-- SQLite finds the index only by this very condition, the column on the left.
CREATE INDEX hold_lines_open_by_sku ON hold_lines (sku) WHERE quantity > posted + voided;

-- A table with a rowid, since wide rows make poor index trees.
CREATE TABLE outcomes (
    command BLOB NOT NULL UNIQUE CHECK (length(command) = 16),
    kind TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),
    bytes TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE dead_commands (
    command BLOB NOT NULL UNIQUE CHECK (length(command) = 16),
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    bytes TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    command BLOB CHECK (length(command) = 16),
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE TRIGGER log_is_not_changed BEFORE UPDATE ON log
BEGIN SELECT RAISE (ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_is_not_removed BEFORE DELETE ON log
BEGIN SELECT RAISE (ABORT, 'the log is append-only'); END;
)sql",
    R"sql(
-- Running totals: each row tells of all orders that were created up to the end of its minute (so
-- many since 1970), so that any span of minutes is the difference of two rows. Sums may need more
-- than 64 bits: billions × 10^9 + rest, the rest below 10^9.
CREATE TABLE order_statistics (
    minute INTEGER PRIMARY KEY,
    processed INTEGER NOT NULL CHECK (processed >= 0),
    rejected INTEGER NOT NULL CHECK (rejected >= 0),
    units_billions INTEGER NOT NULL CHECK (units_billions >= 0),
    units_rest INTEGER NOT NULL CHECK (units_rest BETWEEN 0 AND 999999999),
    price_billions INTEGER NOT NULL CHECK (price_billions >= 0),
    price_rest INTEGER NOT NULL CHECK (price_rest BETWEEN 0 AND 999999999)
) STRICT;
INSERT INTO order_statistics
SELECT minute, sum(processed) OVER upto, sum(rejected) OVER upto,
    sum(units_billions) OVER upto + sum(units_rest) OVER upto / 1000000000,
    sum(units_rest) OVER upto % 1000000000,
    sum(price_billions) OVER upto + sum(price_rest) OVER upto / 1000000000,
    sum(price_rest) OVER upto % 1000000000
FROM (
    SELECT created_at / 60000000 AS minute, sum(state <> 'rejected') AS processed,
        sum(state = 'rejected') AS rejected,
        sum(iif(state = 'rejected', 0, lines.billions)) AS units_billions,
        sum(iif(state = 'rejected', 0, lines.rest)) AS units_rest,
        sum(iif(state = 'rejected', 0, execution_price / 1000000000)) AS price_billions,
        sum(iif(state = 'rejected', 0, execution_price % 1000000000)) AS price_rest
    FROM orders LEFT JOIN (
        SELECT number, sum(quantity / 1000000000) AS billions, sum(quantity % 1000000000) AS rest
        FROM order_lines GROUP BY number
    ) AS lines ON lines.number = orders.number
    GROUP BY 1
)
WINDOW upto AS (ORDER BY minute);
)sql",
    R"sql(
-- Of a deleted one only the SRN and the version are kept.
CREATE TABLE records (
    srn TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    section TEXT NOT NULL,
    deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (deleted = 0 OR (name = '' AND section = ''))
) STRICT, WITHOUT ROWID;
-- So that pages pass over no deleted ones.
CREATE INDEX records_there ON records (srn) WHERE deleted = 0;
)sql",
    R"sql(
-- Of every dead letter; what is written by its command's service is known by no message yet.
ALTER TABLE dead_commands ADD COLUMN queue TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_commands ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'replaying', 'replayed', 'discarded'));
ALTER TABLE dead_commands ADD COLUMN deaths INTEGER NOT NULL DEFAULT 1 CHECK (deaths >= 1);
ALTER TABLE dead_commands ADD COLUMN redeliveries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_commands ADD COLUMN last_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_commands ADD COLUMN decided_by TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_commands ADD COLUMN decision_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_commands ADD COLUMN decided_at INTEGER;
ALTER TABLE dead_commands ADD COLUMN message TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_commands ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
UPDATE dead_commands SET last_at = at, queue = CASE
    WHEN kind IN ('create_item', 'change_item', 'retire_item', 'put_item') THEN 'stockroom.catalogue'
    WHEN kind IN ('create_location', 'receive_stock', 'adjust_stock') THEN 'stockroom.stock'
    WHEN kind IN ('insert_record', 'delete_record') THEN 'stockroom.records'
    ELSE 'stockroom.orders' END;
CREATE INDEX dead_commands_by_time ON dead_commands (last_at, command);
CREATE INDEX dead_commands_by_state ON dead_commands (state, last_at, command);
CREATE INDEX dead_commands_by_queue ON dead_commands (queue, last_at, command);
CREATE INDEX dead_commands_by_queue_and_state
    ON dead_commands (queue, state, last_at, command);
)sql",
    R"sql(
-- The last change of each part that is watched.
CREATE TABLE health_parts (
    part TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('service', 'queue', 'server')),
    state TEXT NOT NULL CHECK (state IN ('up', 'degraded', 'down', 'unknown')),
    at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    incident BLOB CHECK (length(incident) = 16)   -- that is not over
) STRICT, WITHOUT ROWID;

-- Their ids sort by time.
CREATE TABLE incidents (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    part TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('service', 'queue', 'server')),
    state TEXT NOT NULL CHECK (state IN ('degraded', 'down')),
    cause TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    reported_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT, WITHOUT ROWID;
)sql",
};

constexpr std::int64_t kVersion = kMigrations.size();

/// The version of the store's tables; 0 when the file is empty.
Expected<std::int64_t> read_version(Connection& connection) {
    const auto application = connection.integer("PRAGMA application_id");
    const auto version = connection.integer("PRAGMA user_version");
    const auto tables = connection.integer("SELECT count(*) FROM sqlite_schema");
    if (connection.failed()) return std::unexpected(connection.take_error());
    if (application != kApplicationId && (application != 0 || version != 0 || tables != 0))
        return std::unexpected(
            ports::Error{ports::ErrorKind::permanent, "sqlite: the file is not a Stockroom store"});
    if (version > kVersion)
        return std::unexpected(ports::Error{
            ports::ErrorKind::permanent,
            fmt::format("sqlite: the store has schema version {}, made by a newer Stockroom; this "
                        "one knows up to {}: run that newer one",
                        version, kVersion)});
    return version;
}

void use_write_ahead_log(Connection& connection) {
    Statement statement(connection, "PRAGMA journal_mode = WAL");
    Rows rows = statement.query();
    if (rows.next() && rows.text(0) != "wal")
        connection.fail({ports::ErrorKind::permanent,
                         "sqlite: this file system cannot hold a write-ahead log"});
}

}  // namespace

Expected<void> migrate(Connection& connection) {
    const auto seen = read_version(connection);
    if (!seen) return std::unexpected(seen.error());
    // Cannot stand in a transaction; the file keeps it.
    use_write_ahead_log(connection);
    if (*seen == kVersion || connection.failed()) return connection.finish();

    connection.execute("BEGIN EXCLUSIVE");
    if (connection.failed()) return connection.finish();
    // Read again: another process may have been quicker.
    const auto version = read_version(connection);
    if (!version) {
        connection.roll_back();
        return std::unexpected(version.error());
    }
    for (auto next = *version; next < kVersion; ++next)
        connection.execute(kMigrations.at(static_cast<std::size_t>(next)));
    connection.execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
    connection.execute(fmt::format("PRAGMA user_version = {}", kVersion).c_str());
    connection.execute("COMMIT");
    if (connection.failed()) connection.roll_back();
    return connection.finish();
}

Expected<void> require_current_schema(Connection& connection) {
    const auto version = read_version(connection);
    if (!version) return std::unexpected(version.error());
    if (*version == kVersion) return {};
    return std::unexpected(ports::Error{
        ports::ErrorKind::permanent,
        fmt::format("sqlite: the store has schema version {}, not {}: start Stockroom on it once",
                    *version, kVersion)});
}

}  // namespace stockroom::store_sqlite
