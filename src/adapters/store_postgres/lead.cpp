#include "lead.hpp"

#include <chrono>
#include <utility>

namespace stockroom::store_postgres {

namespace {

constexpr std::chrono::seconds kCallMax{4};

}  // namespace

PostgresHealthLead::PostgresHealthLead(Target target)
    : connection_(std::move(target), Purpose::decide),
      // "Stkr" and "hlth"; the relays' is "Stkr" and "rely".
      try_lock_(connection_, "SELECT pg_try_advisory_lock(x'53746b72'::int, x'686c7468'::int)"),
      ask_(connection_, "SELECT true") {}

bool PostgresHealthLead::ask(Statement& statement) {
    Rows rows = statement.query();
    return rows.next() && rows.integer(0) != 0;
}

std::expected<bool, ports::Error> PostgresHealthLead::take() {
    connection_.set_deadline(base::in(kCallMax));
    // A session that has the lock would be given it once more.
    const bool led =
        leading_session_ != 0 && connection_.is_open() && connection_.session() == leading_session_;
    const bool answered = ask(led ? ask_ : try_lock_);
    if (connection_.failed()) {
        leading_session_ = 0;
        connection_.close();
        return std::unexpected(connection_.take_error());
    }
    // A session that ended at rest is made anew unseen, and the lock went with it.
    const bool leads = answered && (!led || connection_.session() == leading_session_);
    leading_session_ = leads ? connection_.session() : 0;
    return leads;
}

}  // namespace stockroom::store_postgres
