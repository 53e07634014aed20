#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/domain/health.hpp"
#include "stockroom/domain/snapshot.hpp"
#include "stockroom/ports/error.hpp"

namespace stockroom::ports {

/// The one answer to a command, as it is kept forever.
struct StoredOutcome {
    base::Uuid command;
    std::string kind;               // the command's, as on the wire
    base::Fingerprint fingerprint;  // of the command's body
    std::string bytes;              // contract::encode_outcome
    base::Time at;
};

/// A fact as it stands in the event log, but for its position, which the commit gives it.
struct EventRecord {
    std::string type;  // "order.reserved"
    std::string key;   // "order/0193…": versions grow per key
    domain::Version version = 1;
    std::optional<base::Uuid> command;  // empty: time has done it (a hold that was due)
    std::string actor;
    base::Time at;
    std::string data;  // the new state, JSON
};

/// Why a command will have no outcome.
struct DeadCommand {
    base::Uuid command;
    std::string kind;
    std::string queue;  // where it came from
    std::string reason;
    std::string bytes;  // the command itself, to be looked at and replayed
    base::Time at;
};

/// Everything that one batch sets down, besides the snapshot's changed rows.
struct Commit {
    std::span<const domain::Movement> movements;
    std::span<const StoredOutcome> outcomes;  // 0 to 1,000, each command once
    std::span<const EventRecord> events;      // get consecutive positions, in this order
    /// Each becomes a dead letter (domain::DeadLetter) that waits and has not yet come; one that
    /// waits already stays as it is.
    std::span<const DeadCommand> dead;
    /// In order; each the next version of its part (a conflict where another came first), with its
    /// incident, which is made or changed.
    std::span<const domain::PartChange> parts{};
};

/// A batch under way. What it loaded is locked until it ends; destroying it without commit() leaves
/// no trace.
class Transaction {
  public:
    virtual ~Transaction() = default;

    /// The outcomes that the commands asked for have already.
    [[nodiscard]] virtual const std::vector<StoredOutcome>& outcomes() const = 0;

    [[nodiscard]] virtual domain::Snapshot& snapshot() = 0;

    /// Sets everything down at once, durably. Call once.
    /// Errors: conflict (an id is there already, a row moved: nothing was set down), retryable
    /// (connection lost: it may or may not have been set down; the stored outcomes tell),
    /// permanent.
    [[nodiscard]] virtual std::expected<void, Error> commit(const Commit& commit) = 0;
};

/// Where the stock is kept, for one thread that decides. Several may work on one store.
class Store {
  public:
    virtual ~Store() = default;

    /// Starts a batch: loads the outcomes of these commands and what the keys name, as
    /// domain::Snapshot says, locking in key order.
    /// REQUIRES: at most 1,000 commands; keys normalized.
    [[nodiscard]] virtual std::expected<std::unique_ptr<Transaction>, Error> begin(
        std::span<const base::Uuid> commands, const domain::Keys& keys,
        base::Deadline deadline) = 0;
};

}  // namespace stockroom::ports
