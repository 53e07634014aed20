#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "stockroom/ports/audit.hpp"
#include "stockroom/ports/error.hpp"

namespace stockroom::wiring {

/// Reads any store for an audit, as it is at this moment. Errors: permanent (the URL names no store
/// that is known, or there is none, or it is of another version), retryable.
[[nodiscard]] std::expected<std::unique_ptr<ports::AuditSource>, ports::Error> open_audit(
    std::string_view store_url);

/// As store_postgres::migrate. Gives the versions before and after; 0 before: there was none.
[[nodiscard]] std::expected<std::pair<int, int>, ports::Error> migrate(
    const std::string& postgres_url);

}  // namespace stockroom::wiring
