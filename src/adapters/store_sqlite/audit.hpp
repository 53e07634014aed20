#pragma once

#include <memory>

#include "stockroom/ports/audit.hpp"

#include "connection.hpp"

namespace stockroom::store_sqlite {

/// What the store holds at this moment. REQUIRES: a connection that reads.
[[nodiscard]] Expected<std::unique_ptr<ports::AuditSource>> make_audit_source(
    std::unique_ptr<Connection> connection);

}  // namespace stockroom::store_sqlite
