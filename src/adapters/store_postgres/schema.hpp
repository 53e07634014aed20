#pragma once

#include "connection.hpp"

namespace stockroom::store_postgres {

/// Fails, saying what to do, unless the database holds a store that this version can work with, and
/// its user may do what the purpose needs. REQUIRES: it is not to migrate.
void require_schema(Connection& connection, Purpose purpose);

}  // namespace stockroom::store_postgres
