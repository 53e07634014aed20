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

class SqliteTransaction final : public ports::Transaction {
  public:
    SqliteTransaction(SqliteStore& store, Loaded loaded)
        : store_(store), loaded_(std::move(loaded)) {}
    ~SqliteTransaction() override {
        if (!ended_) store_.end();
    }
    SqliteTransaction(const SqliteTransaction&) = delete;
    SqliteTransaction& operator=(const SqliteTransaction&) = delete;

    [[nodiscard]] const std::vector<ports::StoredOutcome>& outcomes() const override {
        return loaded_.outcomes;
    }
    [[nodiscard]] domain::Snapshot& snapshot() override { return loaded_.snapshot; }

    [[nodiscard]] std::expected<void, ports::Error> commit(const ports::Commit& commit) override {
        CHECK(!ended_, "a transaction is committed once");
        auto result = store_.commit(loaded_, commit);
        store_.end();
        ended_ = true;
        return result;
    }

  private:
    SqliteStore& store_;
    Loaded loaded_;
    bool ended_ = false;
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
    if (auto turn = take_turn(deadline); !turn) return std::unexpected(std::move(turn.error()));
    auto loaded = loader_.load(commands, keys);
    if (!loaded) {
        end();
        return std::unexpected(std::move(loaded.error()));
    }
    return std::make_unique<SqliteTransaction>(*this, *std::move(loaded));
}

Expected<void> SqliteStore::take_turn(base::Deadline deadline) {
    CHECK(!connection_->in_transaction(), "a store has one transaction at a time");
    if (time_until(deadline).count() <= 0 || !turns_->begin(deadline))
        return std::unexpected(ports::Error{ports::ErrorKind::retryable,
                                            "sqlite: other writers were busy until the deadline"});
    connection_->set_busy_timeout(time_until(deadline));
    begin_.run();
    auto begun = connection_->finish();
    if (!begun) end();
    return begun;
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
