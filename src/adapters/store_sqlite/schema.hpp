#pragma once

#include "connection.hpp"

namespace stockroom::store_sqlite {

/// Makes a new file a store, or brings an old store's tables up to this version, in one
/// transaction; of several processes that try at once one does it.
/// Errors: permanent (another program's file, or a newer version's).
[[nodiscard]] Expected<void> migrate(Connection& connection);

/// Checks that the file is a store with tables of exactly this version.
[[nodiscard]] Expected<void> require_current_schema(Connection& connection);

}  // namespace stockroom::store_sqlite
