#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "connection.hpp"

namespace stockroom::store_postgres {

/// The SQL that a new session starts with. One round trip.
[[nodiscard]] std::string session_settings(Purpose purpose);

/// How long one wait for the server may take.
[[nodiscard]] std::chrono::seconds round_trip_max(Purpose purpose);

/// What an error means, by its SQLSTATE (PostgreSQL's appendix A); empty: the session was lost.
[[nodiscard]] ports::ErrorKind kind_of(std::string_view sqlstate);

/// Whether only another session can help, though this one still stands: it has plans of tables as
/// they were before a migration, or is with a server that cannot write.
[[nodiscard]] bool is_stale_session(std::string_view sqlstate);

/// What somebody can do about a connection that cannot be made, behind libpq's own message; or
/// nothing.
[[nodiscard]] std::string_view advice_on(std::string_view message);

/// One line, however libpq breaks it.
[[nodiscard]] std::string to_line(std::string_view message);

}  // namespace stockroom::store_postgres
