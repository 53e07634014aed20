#pragma once

#include <expected>
#include <memory>
#include <string>

#include "stockroom/ports/audit.hpp"
#include "stockroom/ports/error.hpp"
#include "stockroom/ports/lead.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/ports/relay_log.hpp"
#include "stockroom/ports/store.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::store_postgres {

/// A store in PostgreSQL 15 or later. Each Store, Queries, RelayLog and Lead it makes has a
/// connection of its own, which it opens when it is first used and again after it is lost; until
/// there is one, and while the store's schema is not this version's, every call fails as retryable,
/// saying why. Thread-safe; what it makes belongs to one thread at a time, and may outlive it.
class PostgresDatabase {
  public:
    /// Connects to nothing yet. `url`: postgres://user:password@host:port/database?sslmode=…, as
    /// libpq reads it; `service` names the connections (application_name). REQUIRES: metrics
    /// outlives it and what it makes. The error says, for people, what is wrong with the URL.
    [[nodiscard]] static std::expected<std::shared_ptr<PostgresDatabase>, std::string> make(
        const std::string& url, std::string service, telemetry::Metrics& metrics);

    virtual ~PostgresDatabase() = default;

    [[nodiscard]] virtual std::unique_ptr<ports::Store> make_store() = 0;
    /// Reads only, also when its role may write.
    [[nodiscard]] virtual std::unique_ptr<ports::Queries> make_queries() = 0;
    [[nodiscard]] virtual std::unique_ptr<ports::RelayLog> make_relay_log() = 0;
    /// Of the health services, one of which writes down what they see.
    [[nodiscard]] virtual std::unique_ptr<ports::Lead> make_health_lead() = 0;
};

struct Migrated {
    int from = 0;  // schema versions; 0: there was none
    int to = 0;
};

/// Brings the tables up to this version, makes the roles where they are missing
/// (stockroom_service, stockroom_reader, stockroom_relay: without login, to be granted to the users
/// that services connect as), and grants them what they need. Safe to run at any time, also twice
/// at once; services of the version before go on working. Errors: permanent (made
/// by a newer version, or roles are missing that the user may not make), retryable.
[[nodiscard]] std::expected<Migrated, ports::Error> migrate(const std::string& url);

/// Reads the store for an audit, as it is at this moment, in one read-only snapshot.
/// Errors: permanent (no store there, or of another version), retryable.
[[nodiscard]] std::expected<std::unique_ptr<ports::AuditSource>, ports::Error> open_audit(
    const std::string& url);

}  // namespace stockroom::store_postgres
