#include <csignal>
#include <utility>
#include <vector>

#include "stockroom/base/check.hpp"

#include "rigs.hpp"

namespace stockroom::rigged {

namespace {

class ForgetfulTransaction final : public ports::Transaction {
  public:
    explicit ForgetfulTransaction(std::unique_ptr<ports::Transaction> inner)
        : inner_(std::move(inner)) {}

    [[nodiscard]] const std::vector<ports::StoredOutcome>& outcomes() const override {
        return none_;
    }
    [[nodiscard]] domain::Snapshot& snapshot() override { return inner_->snapshot(); }
    std::expected<void, ports::Error> commit(const ports::Commit& commit) override {
        ports::Commit without = commit;
        without.outcomes = {};
        auto written = inner_->commit(without);
        // Mostly an order that is there already, which no other try mends.
        if (!written && written.error().kind == ports::ErrorKind::conflict)
            written.error().kind = ports::ErrorKind::permanent;
        return written;
    }

  private:
    const std::unique_ptr<ports::Transaction> inner_;
    const std::vector<ports::StoredOutcome> none_;
};

class ForgetfulStore final : public ports::Store {
  public:
    explicit ForgetfulStore(std::unique_ptr<ports::Store> inner) : inner_(std::move(inner)) {}

    std::expected<std::unique_ptr<ports::Transaction>, ports::Error> begin(
        std::span<const base::Uuid> commands, const domain::Keys& keys,
        base::Deadline deadline) override {
        auto begun = inner_->begin(commands, keys, deadline);
        if (!begun) return begun;
        return std::make_unique<ForgetfulTransaction>(std::move(*begun));
    }

  private:
    const std::unique_ptr<ports::Store> inner_;
};

}  // namespace

std::unique_ptr<ports::Store> no_outcomes(std::unique_ptr<ports::Store> store) {
    return std::make_unique<ForgetfulStore>(std::move(store));
}

domain::Decision trip(const domain::Snapshot& snapshot, const domain::Command& command) {
    CHECK(command.actor != "trip", "a command that trips");
    return domain::decide(snapshot, command);
}

domain::Decision killed_by_a_command(const domain::Snapshot& snapshot,
                                     const domain::Command& command) {
    if (command.actor == "trip") (void)std::raise(SIGKILL);
    return domain::decide(snapshot, command);
}

}  // namespace stockroom::rigged
