#include "relay_log.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "views.hpp"

namespace stockroom::store_postgres {

namespace {

/// Another relay must be able to take over within five seconds: so long one may believe that it
/// leads without having asked.
constexpr std::chrono::seconds kCallMax{4};

std::int64_t to_count(std::size_t limit) {
    return static_cast<std::int64_t>(std::min<std::size_t>(limit, 1'000'000));
}

}  // namespace

PostgresRelayLog::PostgresRelayLog(Target target)
    : connection_(std::move(target), Purpose::relay),
      // "Stkr" and "rely"; one for migrations is "Stkr" alone.
      try_lock_(connection_, "SELECT pg_try_advisory_lock(x'53746b72'::int, x'72656c79'::int)"),
      position_(connection_, "SELECT position FROM relay_cursor WHERE id = 1"),
      save_position_(connection_, "UPDATE relay_cursor SET position = $1 WHERE id = 1"),
      events_(connection_,
              "SELECT position, type, key, version, command, actor, at, data FROM log "
              "WHERE position > $1 ORDER BY position LIMIT $2"),
      log_head_(connection_, "SELECT position FROM log_head WHERE id = 1") {}

template <typename T>
Expected<T> PostgresRelayLog::finish(T value) {
    if (auto done = finish(); !done) return std::unexpected(std::move(done.error()));
    return value;
}

Expected<void> PostgresRelayLog::finish() {
    if (!connection_.failed()) return {};
    connection_.close();
    return connection_.finish();
}

std::int64_t PostgresRelayLog::read_integer(Statement& statement) {
    Rows rows = statement.query();
    return rows.next() ? rows.integer(0) : 0;
}

auto PostgresRelayLog::take_lead() -> Result<bool> {
    connection_.set_deadline(base::in(kCallMax));
    // A session that has the lock would be given it once more.
    if (leading_session_ != 0 && connection_.is_open() &&
        connection_.session() == leading_session_) {
        (void)read_integer(log_head_);
        return finish(true);
    }
    const bool leads = read_integer(try_lock_) != 0;
    leading_session_ = leads && !connection_.failed() ? connection_.session() : 0;
    return finish(leads);
}

void PostgresRelayLog::give_up_lead() {
    if (leading_session_ == 0) return;
    leading_session_ = 0;
    connection_.close();
}

void PostgresRelayLog::require_lead() {
    connection_.set_deadline(base::in(kCallMax));
    if (leading_session_ != 0 && connection_.is_open() && connection_.session() == leading_session_)
        return;
    connection_.fail({ports::ErrorKind::retryable, "postgres: the relay's lead is lost"});
}

auto PostgresRelayLog::position() -> Result<std::int64_t> {
    require_lead();
    return finish(read_integer(position_));
}

auto PostgresRelayLog::save_position(std::int64_t position) -> Result<void> {
    require_lead();
    save_position_.run(position);
    return finish();
}

auto PostgresRelayLog::events_after(std::int64_t position, std::size_t limit)
    -> Result<std::vector<ports::LoggedEvent>> {
    connection_.set_deadline(base::in(kCallMax));
    auto events = read_events(events_.query(position, to_count(limit)));
    return finish(std::move(events));
}

auto PostgresRelayLog::log_head() -> Result<std::int64_t> {
    connection_.set_deadline(base::in(kCallMax));
    return finish(read_integer(log_head_));
}

}  // namespace stockroom::store_postgres
