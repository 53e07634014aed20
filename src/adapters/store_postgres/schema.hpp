#pragma once

#include "connection.hpp"

namespace stockroom::store_postgres {

/// Fails, saying what to do, unless the database holds a store that this version can work with.
void require_schema(Connection& connection);

}  // namespace stockroom::store_postgres
