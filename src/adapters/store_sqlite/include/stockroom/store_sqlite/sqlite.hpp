#pragma once

#include <expected>
#include <memory>
#include <string>

#include "stockroom/ports/audit.hpp"
#include "stockroom/ports/error.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/ports/store.hpp"

namespace stockroom::store_sqlite {

/// A store in one SQLite file (WAL, synchronous=FULL: what commit() says is on the disk). Several
/// processes may have it open; the Stores of one SqliteDatabase take turns fairly, those of several
/// by SQLite's own lock.
/// Thread-safe; each Store and Queries it makes belongs to one thread at a time, and may outlive
/// it.
class SqliteDatabase {
  public:
    /// Opens the store at this path, making its folder and the file (for its owner alone) where
    /// they are missing, and bringing its tables up to this version.
    /// Errors: permanent (not a store, or made by a newer version, or the path cannot be used),
    /// retryable (held by another process, no room).
    [[nodiscard]] static std::expected<std::shared_ptr<SqliteDatabase>, ports::Error> open(
        const std::string& path);

    virtual ~SqliteDatabase() = default;

    /// On a connection of its own.
    [[nodiscard]] virtual std::expected<std::unique_ptr<ports::Store>, ports::Error>
    make_store() = 0;
    /// On a connection of its own that cannot write.
    [[nodiscard]] virtual std::expected<std::unique_ptr<ports::Queries>, ports::Error>
    make_queries() = 0;
};

/// Reads the store at this path for an audit, as it is at this moment, whoever is using it; never
/// writes a row nor makes a file that is not there.
/// Errors: permanent (no store there, or of another version), retryable.
[[nodiscard]] std::expected<std::unique_ptr<ports::AuditSource>, ports::Error> open_audit(
    const std::string& path);

}  // namespace stockroom::store_sqlite
