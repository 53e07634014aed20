#include "migrations.hpp"

#include <array>

namespace stockroom::store_postgres {

namespace {

/// Times are microseconds since 1970, money minor units. There are no foreign keys: each would look
/// up and lock its parent row with every row that an order writes, and nothing is ever deleted; the
/// audit proves what they would.
constexpr auto kFirst = R"sql(
-- What every commit takes last: where the log stands, and the time, which never goes back.
CREATE TABLE log_head (
    id integer PRIMARY KEY CHECK (id = 1),
    position bigint NOT NULL,          -- of the log's last line
    locations_version bigint NOT NULL,
    at bigint NOT NULL
);
INSERT INTO log_head VALUES (1, 0, 1, 0);

-- Lists go by number: in the order of creation, but for what is under way at the same time.
CREATE SEQUENCE order_numbers;
CREATE SEQUENCE movement_numbers;

CREATE TABLE locations (
    code text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    priority bigint NOT NULL CHECK (priority >= 0),
    version bigint NOT NULL CHECK (version >= 1),
    created_at bigint NOT NULL
);
CREATE INDEX locations_by_priority ON locations (priority, code);
INSERT INTO locations
VALUES ('main', 'Main', 1, 1, (extract(epoch FROM date_trunc('second', now())) * 1000000)::bigint);

-- The words of a name, in lower case, with blanks between them: nothing else of ASCII.
CREATE FUNCTION plain_words(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(regexp_replace(name, '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+', ' ', 'g'));

CREATE TABLE items (
    sku text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    label text COLLATE "C" NOT NULL,
    price bigint NOT NULL CHECK (price >= 0),
    reorder_point bigint NOT NULL CHECK (reorder_point BETWEEN 0 AND 9007199254740991),
    retired boolean NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', plain_words(name))) STORED
);
CREATE INDEX items_by_folded_sku ON items (lower(sku));
CREATE INDEX items_by_word ON items USING gin (words) WITH (fastupdate = off);
CREATE INDEX items_by_label ON items (label, sku) WHERE label <> '';

-- Room in each page for new versions of its rows, so that an update touches no index.
CREATE TABLE levels (
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    on_hand bigint NOT NULL CHECK (on_hand BETWEEN 0 AND 9007199254740991),
    held bigint NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    PRIMARY KEY (sku, location),
    CHECK (held BETWEEN 0 AND on_hand)
) WITH (fillfactor = 50);

-- The ledger.
CREATE TABLE movements (
    sku text COLLATE "C" NOT NULL,
    number bigint NOT NULL,            -- grows over all SKUs; of one SKU in commit order
    location text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('opening', 'receipt', 'adjustment', 'shipment',
                                       'customer_return', 'retirement')),
    quantity bigint NOT NULL
        CHECK (quantity <> 0 AND quantity BETWEEN -9007199254740991 AND 9007199254740991),
    reason text NOT NULL,
    reference text NOT NULL,
    order_id uuid,
    command uuid NOT NULL,
    actor text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (sku, number)
);

CREATE TABLE orders (
    number bigint PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    customer text COLLATE "C" NOT NULL,
    state text NOT NULL CHECK (state IN ('reserved', 'confirmed', 'partially_fulfilled',
                                         'fulfilled', 'rejected', 'expired', 'cancelled')),
    execution_price bigint NOT NULL CHECK (execution_price >= 0),
    reference text NOT NULL,
    actor text NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    cancel_reason text NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX orders_by_customer ON orders (customer, number) WHERE customer <> '';

CREATE TABLE order_lines (
    number bigint NOT NULL,            -- the order's
    line bigint NOT NULL,
    sku text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL CHECK (quantity BETWEEN 1 AND 9007199254740991),
    unit_price bigint NOT NULL CHECK (unit_price >= 0),
    returned bigint NOT NULL CHECK (returned BETWEEN 0 AND quantity),
    PRIMARY KEY (number, line)
) WITH (fillfactor = 90);

CREATE TABLE holds (
    number bigint PRIMARY KEY,         -- its order's, if it has one
    id uuid,                           -- NULL: it is the hold of the order with this number
    state text NOT NULL CHECK (state IN ('pending', 'committed', 'expired', 'ended')),
    expires_at bigint,
    version bigint NOT NULL CHECK (version >= 1),
    CHECK (state <> 'pending' OR expires_at IS NOT NULL)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX holds_by_id ON holds (id) WHERE id IS NOT NULL;
CREATE INDEX holds_by_expiry ON holds (expires_at, number) WHERE state = 'pending';

CREATE TABLE hold_lines (
    number bigint NOT NULL,            -- the hold's
    line bigint NOT NULL,
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL CHECK (quantity BETWEEN 1 AND 9007199254740991),
    posted bigint NOT NULL CHECK (posted >= 0),
    voided bigint NOT NULL CHECK (voided >= 0),
    PRIMARY KEY (number, line),
    CHECK (posted + voided <= quantity)
) WITH (fillfactor = 80);
CREATE INDEX hold_lines_open_by_sku ON hold_lines (sku, number) WHERE quantity > posted + voided;

CREATE TABLE outcomes (
    command uuid PRIMARY KEY,
    kind text NOT NULL,
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 16),
    bytes text NOT NULL,
    at bigint NOT NULL
);

-- What is dead may have died of not being a text.
CREATE TABLE dead_commands (
    command uuid PRIMARY KEY,
    kind text NOT NULL,
    reason bytea NOT NULL,
    bytes bytea NOT NULL,
    at bigint NOT NULL
);

CREATE TABLE log (
    position bigint PRIMARY KEY,
    type text NOT NULL,
    key text NOT NULL,
    version bigint NOT NULL,
    command uuid,
    actor text NOT NULL,
    at bigint NOT NULL,
    data text NOT NULL
);

-- Up to where the relay has published.
CREATE TABLE relay_cursor (
    id integer PRIMARY KEY CHECK (id = 1),
    position bigint NOT NULL
);
INSERT INTO relay_cursor VALUES (1, 0);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the % is append-only', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER movements_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('ledger');
CREATE TRIGGER log_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('log');

-- Ends the transaction of a writer whose rows are not as it has loaded them.
CREATE FUNCTION conflict(what text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', what USING ERRCODE = 'SR409';
END $$;
)sql";

/// The statistics of orders, filled from the orders that are there. Commits wait for it, since what
/// they log must be counted by one of the two.
constexpr auto kOrderStatistics = R"sql(
-- Running totals: each row tells of all orders that were created up to the end of its minute (so
-- many since 1970), so that any span of minutes is the difference of two rows.
CREATE TABLE order_statistics (
    minute bigint PRIMARY KEY,
    processed bigint NOT NULL CHECK (processed >= 0),
    rejected bigint NOT NULL CHECK (rejected >= 0),
    units numeric NOT NULL CHECK (units >= 0),            -- sums may need more than 64 bits
    execution_price numeric NOT NULL CHECK (execution_price >= 0)
) WITH (fillfactor = 50);

-- REQUIRES: log_head is locked, and by an earlier statement, so that the totals of whoever had it
-- before are seen.
CREATE FUNCTION count_orders(at_minute bigint, more_processed bigint, more_rejected bigint,
                             more_units numeric, more_price numeric)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_statistics
    SELECT at_minute, coalesce(last.processed, 0), coalesce(last.rejected, 0),
        coalesce(last.units, 0), coalesce(last.execution_price, 0)
    FROM (VALUES (1)) AS one LEFT JOIN (
        SELECT * FROM order_statistics WHERE minute < at_minute ORDER BY minute DESC LIMIT 1
    ) AS last ON true
    ON CONFLICT (minute) DO NOTHING;
    -- Of two that commit at the turn of a minute, the later one may have begun in the earlier.
    UPDATE order_statistics SET processed = processed + more_processed,
        rejected = rejected + more_rejected, units = units + more_units,
        execution_price = execution_price + more_price
    WHERE minute >= at_minute;
END $$;

-- Programs from before this table do not count their orders: it is done for them, once their
-- statement has the log's head. Later programs say that they count.
CREATE FUNCTION count_logged_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_orders(orders.created_at / 60000000, counted.processed,
        1 - counted.processed, counted.processed * (
            SELECT sum(quantity) FROM order_lines WHERE order_lines.number = orders.number),
        counted.processed * orders.execution_price::numeric)
    FROM orders
    CROSS JOIN LATERAL (SELECT (state <> 'rejected')::integer::bigint AS processed) AS counted
    WHERE orders.id = substr(NEW.key, 7)::uuid;
    RETURN NULL;
END $$;
CREATE TRIGGER log_counts_orders AFTER INSERT ON log FOR EACH ROW
    WHEN (NEW.version = 1 AND NEW.key LIKE 'order/%'
          AND current_setting('stockroom.counts_orders', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION count_logged_order();
GRANT SELECT, INSERT, UPDATE ON order_statistics TO stockroom_service;

INSERT INTO order_statistics
SELECT minute, sum(processed) OVER upto, sum(rejected) OVER upto, sum(units) OVER upto,
    sum(price) OVER upto
FROM (
    SELECT created_at / 60000000 AS minute,
        count(*) FILTER (WHERE state <> 'rejected') AS processed,
        count(*) FILTER (WHERE state = 'rejected') AS rejected,
        coalesce(sum(lines.units) FILTER (WHERE state <> 'rejected'), 0) AS units,
        coalesce(sum(execution_price) FILTER (WHERE state <> 'rejected'), 0) AS price
    FROM orders
    LEFT JOIN (SELECT number, sum(quantity) AS units FROM order_lines GROUP BY number) AS lines
        USING (number)
    GROUP BY 1
) AS minutes
WINDOW upto AS (ORDER BY minute);
)sql";

constexpr auto kRecords = R"sql(
-- Of a deleted one only the SRN and the version are kept.
CREATE TABLE records (
    srn text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    section text NOT NULL,
    deleted boolean NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    CHECK (NOT deleted OR (name = '' AND section = ''))
);
-- So that pages pass over no deleted ones.
CREATE INDEX records_there ON records (srn) WHERE NOT deleted;
)sql";

/// Every dead letter, of whatever queue and be it a command or not. What the service of a command
/// writes is known by no message yet; so are the rows of services that do not know these columns.
constexpr auto kDeadLetters = R"sql(
ALTER TABLE dead_commands
    ADD COLUMN queue text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN state text COLLATE "C" NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'replaying', 'replayed', 'discarded')),
    ADD COLUMN deaths bigint NOT NULL DEFAULT 1 CHECK (deaths >= 1),
    ADD COLUMN redeliveries bigint NOT NULL DEFAULT 0 CHECK (redeliveries >= 0),
    ADD COLUMN last_at bigint NOT NULL
        DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
    ADD COLUMN decided_by text NOT NULL DEFAULT '',
    ADD COLUMN decision_reason text NOT NULL DEFAULT '',
    ADD COLUMN decided_at bigint,
    ADD COLUMN message text NOT NULL DEFAULT '',
    ADD COLUMN version bigint NOT NULL DEFAULT 0;
UPDATE dead_commands SET last_at = at, queue = CASE
    WHEN kind IN ('create_item', 'change_item', 'retire_item', 'put_item') THEN 'stockroom.catalogue'
    WHEN kind IN ('create_location', 'receive_stock', 'adjust_stock') THEN 'stockroom.stock'
    WHEN kind IN ('insert_record', 'delete_record') THEN 'stockroom.records'
    ELSE 'stockroom.orders' END;
CREATE INDEX dead_commands_by_time ON dead_commands (last_at, command);
CREATE INDEX dead_commands_by_state ON dead_commands (state, last_at, command);
CREATE INDEX dead_commands_by_queue ON dead_commands (queue, last_at, command);
CREATE INDEX dead_commands_by_queue_and_state ON dead_commands (queue, state, last_at, command);
)sql";

/// What the health service keeps.
constexpr auto kHealth = R"sql(
-- The last change of each part that is watched.
CREATE TABLE health_parts (
    part text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('service', 'queue', 'server')),
    state text NOT NULL CHECK (state IN ('up', 'degraded', 'down', 'unknown')),
    at bigint NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    incident uuid                      -- that is not over
) WITH (fillfactor = 50);

-- Their ids sort by time.
CREATE TABLE incidents (
    id uuid PRIMARY KEY,
    part text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('service', 'queue', 'server')),
    state text NOT NULL CHECK (state IN ('degraded', 'down')),
    cause text NOT NULL,
    started_at bigint NOT NULL,
    reported_at bigint NOT NULL,
    ended_at bigint
);
)sql";

constexpr std::array kMigrations{
    Migration{.sql = kFirst, .oldest = 1},   Migration{.sql = kOrderStatistics, .oldest = 1},
    Migration{.sql = kRecords, .oldest = 1}, Migration{.sql = kDeadLetters, .oldest = 1},
    Migration{.sql = kHealth, .oldest = 1},
};

constexpr auto kGrants = R"sql(
REVOKE ALL ON SCHEMA stockroom FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA stockroom FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA stockroom FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA stockroom FROM PUBLIC;
GRANT USAGE ON SCHEMA stockroom TO stockroom_service, stockroom_reader, stockroom_relay;

GRANT SELECT ON ALL TABLES IN SCHEMA stockroom TO stockroom_service, stockroom_reader;
GRANT INSERT ON locations, items, levels, movements, orders, order_lines, holds, hold_lines,
    records, outcomes, dead_commands, log, order_statistics, health_parts, incidents
    TO stockroom_service;
GRANT UPDATE ON log_head, dead_commands, locations, items, levels, orders, holds, records,
    order_statistics, health_parts, incidents TO stockroom_service;
GRANT UPDATE (returned) ON order_lines TO stockroom_service;
GRANT UPDATE (posted, voided) ON hold_lines TO stockroom_service;
GRANT USAGE ON SEQUENCE order_numbers, movement_numbers TO stockroom_service;
GRANT EXECUTE ON FUNCTION conflict(text) TO stockroom_service;
GRANT EXECUTE ON FUNCTION count_orders(bigint, bigint, bigint, numeric, numeric)
    TO stockroom_service;
GRANT EXECUTE ON FUNCTION plain_words(text) TO stockroom_service, stockroom_reader;

GRANT SELECT ON schema_version, log, log_head, relay_cursor TO stockroom_relay;
GRANT UPDATE (position) ON relay_cursor TO stockroom_relay;
)sql";

constexpr auto kRightsToRead = R"sql(
    ('SELECT', 'schema_version'), ('SELECT', 'log_head'), ('SELECT', 'locations'),
    ('SELECT', 'items'), ('SELECT', 'levels'), ('SELECT', 'movements'), ('SELECT', 'orders'),
    ('SELECT', 'order_lines'), ('SELECT', 'holds'), ('SELECT', 'hold_lines'),
    ('SELECT', 'outcomes'), ('SELECT', 'dead_commands'), ('SELECT', 'log'),
    ('SELECT', 'relay_cursor'), ('SELECT', 'order_statistics'), ('SELECT', 'records'),
    ('SELECT', 'health_parts'), ('SELECT', 'incidents')
)sql";

constexpr auto kRightsToDecide = R"sql(
    ('INSERT', 'log'), ('INSERT', 'outcomes'), ('INSERT', 'dead_commands'),
    ('INSERT', 'locations'), ('INSERT', 'items'), ('INSERT', 'levels'), ('INSERT', 'movements'),
    ('INSERT', 'orders'), ('INSERT', 'order_lines'), ('INSERT', 'holds'), ('INSERT', 'hold_lines'),
    ('UPDATE', 'log_head'), ('UPDATE', 'dead_commands'), ('UPDATE', 'locations'),
    ('UPDATE', 'items'), ('UPDATE', 'levels'),
    ('UPDATE', 'orders'), ('UPDATE', 'order_lines'), ('UPDATE', 'holds'), ('UPDATE', 'hold_lines'),
    ('INSERT', 'order_statistics'), ('UPDATE', 'order_statistics'), ('SELECT', 'order_statistics'),
    ('INSERT', 'health_parts'), ('UPDATE', 'health_parts'), ('SELECT', 'health_parts'),
    ('INSERT', 'incidents'), ('UPDATE', 'incidents'), ('SELECT', 'incidents'),
    ('USAGE', 'order_numbers'), ('USAGE', 'movement_numbers'),
    ('SELECT', 'schema_version'), ('SELECT', 'log_head'), ('SELECT', 'locations'),
    ('SELECT', 'items'), ('SELECT', 'levels'), ('SELECT', 'orders'), ('SELECT', 'order_lines'),
    ('SELECT', 'holds'), ('SELECT', 'hold_lines'), ('SELECT', 'outcomes'),
    ('SELECT', 'records'), ('INSERT', 'records'), ('UPDATE', 'records'),
    ('SELECT', 'dead_commands')
)sql";

constexpr auto kRightsToRelay = R"sql(
    ('SELECT', 'schema_version'), ('SELECT', 'log'), ('SELECT', 'log_head'),
    ('SELECT', 'relay_cursor'), ('UPDATE', 'relay_cursor')
)sql";

}  // namespace

std::span<const Migration> migrations() {
    return kMigrations;
}

const char* grants() {
    return kGrants;
}

const char* rights_to_decide() {
    return kRightsToDecide;
}

const char* rights_to_read() {
    return kRightsToRead;
}

const char* rights_to_relay() {
    return kRightsToRelay;
}

}  // namespace stockroom::store_postgres
