#include "session.hpp"

namespace stockroom::store_postgres {

namespace {

/// For all: names mean ours, numbers are exact, and a client that is gone is noticed, also while a
/// statement waits for a lock, or when its whole machine is gone.
constexpr auto kForAll =
    "SET search_path = stockroom; SET TimeZone = 'UTC'; "
    "SET standard_conforming_strings = on; SET jit = off; "
    "SET client_connection_check_interval = '2s'; SET tcp_keepalives_idle = 5; "
    "SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = '10s'; ";

/// A process that stands still must not hold its rows for ever: its session is ended, and what it
/// had under way is retried. All rows are found by their keys, also in tables that have grown since
/// PostgreSQL has last counted them, so the plans need not be made again and again. Orders are
/// counted by the writer, not by the trigger that does it for older programs.
constexpr auto kDecide =
    "SET synchronous_commit = on; SET default_transaction_isolation = 'read committed'; "
    "SET statement_timeout = '10s'; SET lock_timeout = '5s'; "
    "SET idle_in_transaction_session_timeout = '10s'; "
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
    "SET enable_hashjoin = off; SET enable_mergejoin = off; "
    "SET max_parallel_workers_per_gather = 0; SET stockroom.counts_orders = on;";

/// Each read goes by the index it was written for, in its order and no further than its page, also
/// before PostgreSQL has counted what the tables hold.
constexpr auto kRead =
    "SET default_transaction_read_only = on; "
    "SET default_transaction_isolation = 'repeatable read'; "
    "SET statement_timeout = '5s'; SET lock_timeout = '5s'; "
    "SET idle_in_transaction_session_timeout = '30s'; "
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
    "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_sort = off; "
    "SET random_page_cost = 1; SET max_parallel_workers_per_gather = 0;";

/// Its lock must soon be free when its machine is gone, or the process stands still
/// (ports::RelayLog::kSilenceMax): one that lives asks again and again.
constexpr auto kRelay =
    "SET tcp_keepalives_idle = 1; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 2; "
    "SET tcp_user_timeout = '3s'; SET plan_cache_mode = force_generic_plan; "
    "SET enable_seqscan = off; "
    "SET enable_sort = off; SET synchronous_commit = on; SET default_transaction_isolation = 'read "
    "committed'; "
    "SET statement_timeout = '10s'; SET lock_timeout = '5s'; "
    "SET idle_session_timeout = '5s'; SET idle_in_transaction_session_timeout = '5s';";

/// Reads whole tables, which it must not join row by row, however small PostgreSQL takes them to
/// be.
constexpr auto kAudit =
    "SET enable_nestloop = off; SET cursor_tuple_fraction = 1; SET work_mem = '64MB'; "
    "SET default_transaction_read_only = on; "
    "SET default_transaction_isolation = 'repeatable read'; "
    "SET statement_timeout = 0; SET lock_timeout = '5s'; "
    "SET idle_in_transaction_session_timeout = 0;";

constexpr auto kMigrate =
    "SET synchronous_commit = on; SET default_transaction_isolation = 'read committed'; "
    "SET statement_timeout = 0; SET lock_timeout = '60s'; "
    "SET idle_in_transaction_session_timeout = '60s';";

const char* settings_for(Purpose purpose) {
    switch (purpose) {
        case Purpose::decide:
            return kDecide;
        case Purpose::read:
            return kRead;
        case Purpose::relay:
            return kRelay;
        case Purpose::audit:
            return kAudit;
        case Purpose::migrate:
            return kMigrate;
    }
    return "";
}

}  // namespace

std::string session_settings(Purpose purpose) {
    return std::string(kForAll) + settings_for(purpose);
}

std::chrono::seconds round_trip_max(Purpose purpose) {
    switch (purpose) {
        case Purpose::decide:
        case Purpose::read:
        case Purpose::relay:
            return std::chrono::seconds(8);
        case Purpose::audit:
        case Purpose::migrate:
            return std::chrono::hours(1);
    }
    return {};
}

ports::ErrorKind kind_of(std::string_view sqlstate) {
    using enum ports::ErrorKind;
    // 23505: unique_violation; SR409: the schema's own conflict().
    if (sqlstate == "23505" || sqlstate == "SR409") return conflict;
    // What a batch itself can be at fault for: its values, constraints, limits, what our functions
    // raise. The SQL is always the same, so all else is the world's trouble (away, no room, a right
    // or a table that is missing, a broken index), which goes on until somebody ends it.
    for (const std::string_view part : {"21", "22", "23", "44", "54", "P0"})
        if (sqlstate.starts_with(part)) return permanent;
    return retryable;
}

bool is_stale_session(std::string_view sqlstate) {
    // feature_not_supported: "cached plan must not change result type"; 26000 and 42P05: a prepared
    // statement is not there, or is already (a proxy has changed the session); 25006: the server is
    // a standby, and who can write may have its name by now.
    return sqlstate == "0A000" || sqlstate == "26000" || sqlstate == "42P05" || sqlstate == "25006";
}

std::string_view advice_on(std::string_view message) {
    const auto says = [message](std::string_view words) { return message.contains(words); };
    if (says("password authentication failed"))
        return ": check the user and the password of the store's URL";
    if (says("FATAL:") && says("does not exist"))
        return ": check the user and the database of the store's URL";
    if (says("could not translate host name") || says("Connection refused") ||
        says("No route to host"))
        return ": is PostgreSQL running there, and is the store's URL right?";
    return "";
}

std::string to_line(std::string_view message) {
    std::string line;
    for (const char character : message) {
        const bool is_space = character == '\n' || character == '\t' || character == ' ';
        if (!is_space) {
            line += character;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    while (line.ends_with(' '))
        line.pop_back();
    return line;
}

}  // namespace stockroom::store_postgres
