#include "store.hpp"

#include <algorithm>
#include <utility>

#include "stockroom/base/check.hpp"

namespace stockroom::store_postgres {

namespace {

constexpr std::size_t kMaxCommands = 1'000;

}  // namespace

/// A transaction under way, ended without a trace unless it was committed.
class PostgresStore::Turn {
  public:
    explicit Turn(Connection& connection) : connection_(&connection) {}
    Turn(Turn&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
    ~Turn() { end(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn& operator=(Turn&&) = delete;

    [[nodiscard]] bool has_ended() const { return connection_ == nullptr; }
    void end() noexcept {
        if (auto* connection = std::exchange(connection_, nullptr)) connection->roll_back();
    }

  private:
    Connection* connection_;
};

class PostgresTransaction final : public ports::Transaction {
  public:
    PostgresTransaction(PostgresStore& store, PostgresStore::Turn turn, Loaded loaded)
        : store_(store), turn_(std::move(turn)), loaded_(std::move(loaded)) {}

    [[nodiscard]] const std::vector<ports::StoredOutcome>& outcomes() const override {
        return loaded_.outcomes;
    }
    [[nodiscard]] domain::Snapshot& snapshot() override { return loaded_.snapshot; }

    [[nodiscard]] std::expected<void, ports::Error> commit(const ports::Commit& commit) override {
        CHECK(!turn_.has_ended(), "a transaction is committed once");
        auto result = store_.commit(loaded_, commit);
        turn_.end();
        return result;
    }

  private:
    PostgresStore& store_;
    PostgresStore::Turn turn_;
    Loaded loaded_;
};

PostgresStore::PostgresStore(Target target)
    : connection_(std::move(target), Purpose::decide), loader_(connection_), writer_(connection_) {}

std::expected<std::unique_ptr<ports::Transaction>, ports::Error> PostgresStore::begin(
    std::span<const base::Uuid> commands, const domain::Keys& keys, base::Deadline deadline) {
    CHECK(commands.size() <= kMaxCommands, "a batch is bounded");
    CHECK(!connection_.in_transaction(), "a store has one transaction at a time");
    Turn turn(connection_);
    const auto numbers = makes_orders_ ? static_cast<std::int64_t>(commands.size()) : 0;
    auto loaded = loader_.load(commands, keys, numbers, deadline);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    return std::make_unique<PostgresTransaction>(*this, std::move(turn), *std::move(loaded));
}

Expected<void> PostgresStore::commit(Loaded& loaded, const ports::Commit& commit) {
    makes_orders_ = std::ranges::any_of(loaded.snapshot.changed_orders(),
                                        [](const auto* order) { return !order->stored; });
    // A session that is made anew would not hold what was loaded.
    if (!connection_.is_open())
        return std::unexpected(ports::Error{ports::ErrorKind::retryable,
                                            "postgres: the connection is gone before the commit"});
    connection_.set_deadline(std::nullopt);
    return writer_.commit(loaded, commit);
}

}  // namespace stockroom::store_postgres
