#include "store.hpp"

#include <algorithm>
#include <utility>

#include "stockroom/base/check.hpp"

namespace stockroom::store_sqlite {

namespace {

constexpr std::size_t kMaxCommands = 1'000;

std::chrono::milliseconds time_until(base::Deadline deadline) {
    return std::chrono::ceil<std::chrono::milliseconds>(deadline -
                                                        std::chrono::steady_clock::now());
}

}  // namespace

/// The right to write, given back at the end, also when what it was for has thrown: nobody else
/// could write any more.
class SqliteStore::Turn {
  public:
    explicit Turn(SqliteStore& store) : store_(&store) {}
    Turn(Turn&& other) noexcept : store_(std::exchange(other.store_, nullptr)) {}
    ~Turn() { end(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn& operator=(Turn&&) = delete;

    [[nodiscard]] bool has_ended() const { return store_ == nullptr; }
    void end() noexcept {
        if (auto* store = std::exchange(store_, nullptr)) store->end();
    }

  private:
    SqliteStore* store_;
};

class SqliteTransaction final : public ports::Transaction {
  public:
    SqliteTransaction(SqliteStore& store, SqliteStore::Turn turn, Loaded loaded)
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
    SqliteStore& store_;
    SqliteStore::Turn turn_;
    Loaded loaded_;
};

SqliteStore::SqliteStore(std::unique_ptr<Connection> connection, std::shared_ptr<Turns> turns)
    : connection_(std::move(connection)),
      turns_(std::move(turns)),
      loader_(*connection_),
      writer_(*connection_),
      begin_(*connection_, "BEGIN IMMEDIATE"),
      commit_(*connection_, "COMMIT") {}

std::expected<std::unique_ptr<ports::Transaction>, ports::Error> SqliteStore::begin(
    std::span<const base::Uuid> commands, const domain::Keys& keys, base::Deadline deadline) {
    CHECK(commands.size() <= kMaxCommands, "a batch is bounded");
    auto turn = take_turn(deadline);
    if (!turn) return std::unexpected(std::move(turn.error()));
    auto loaded = loader_.load(commands, keys);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    return std::make_unique<SqliteTransaction>(*this, *std::move(turn), *std::move(loaded));
}

auto SqliteStore::take_turn(base::Deadline deadline) -> Expected<Turn> {
    CHECK(!connection_->in_transaction(), "a store has one transaction at a time");
    if (time_until(deadline).count() <= 0 || !turns_->begin(deadline))
        return std::unexpected(ports::Error{ports::ErrorKind::retryable,
                                            "sqlite: other writers were busy until the deadline"});
    Turn turn(*this);
    connection_->set_busy_timeout(time_until(deadline));
    begin_.run();
    if (connection_->failed()) return std::unexpected(connection_->take_error());
    return turn;
}

Expected<void> SqliteStore::commit(Loaded& loaded, const ports::Commit& commit) {
    if (auto written = writer_.write(loaded, commit); !written) return written;
    if (commit_.run()) return {};
    auto error = connection_->take_error();
    // Whether it reached the disk is not known; the stored outcomes will tell.
    error.kind = ports::ErrorKind::retryable;
    return std::unexpected(std::move(error));
}

void SqliteStore::end() noexcept {
    connection_->roll_back();
    turns_->end();
}

}  // namespace stockroom::store_sqlite
