#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "stockroom/ports/store.hpp"

namespace stockroom::system {

enum class Fault {
    before_begin,   // the store is away
    before_commit,  // nothing is set down: connection lost
    conflict,       // nothing is set down: somebody else was quicker
    after_commit,   // all is set down, but nobody is told
    refuses,        // nothing is set down, now or ever
};

/// When something goes wrong with a commit, and what. Asked once for each begin (without a commit)
/// and once for each commit.
using Plan = std::function<std::optional<Fault>(const ports::Commit*)>;

/// Each of the faults that a store may have on its own, at every tenth call, drawn from the seed.
inline Plan random_faults(std::uint64_t seed) {
    return [random = std::mt19937_64(seed)](
               const ports::Commit* commit) mutable -> std::optional<Fault> {
        const auto drawn = random() % 20;
        if (commit == nullptr) return drawn < 2 ? std::optional(Fault::before_begin) : std::nullopt;
        if (drawn < 2) return Fault::before_commit;
        if (drawn < 4) return Fault::conflict;
        if (drawn < 6) return Fault::after_commit;
        return std::nullopt;
    };
}

/// A real store that a plan makes fail.
class FaultyStore final : public ports::Store {
  public:
    FaultyStore(std::unique_ptr<ports::Store> store, Plan plan)
        : store_(std::move(store)), plan_(std::move(plan)) {}

    std::expected<std::unique_ptr<ports::Transaction>, ports::Error> begin(
        std::span<const base::Uuid> commands, const domain::Keys& keys,
        base::Deadline deadline) override {
        if (plan_(nullptr)) return failed(ports::ErrorKind::retryable);
        auto begun = store_->begin(commands, keys, deadline);
        if (!begun) return begun;
        return std::make_unique<FaultyTransaction>(*std::move(begun), plan_);
    }

  private:
    static std::unexpected<ports::Error> failed(ports::ErrorKind kind) {
        return std::unexpected(ports::Error{kind, "a fault of the test's"});
    }

    class FaultyTransaction final : public ports::Transaction {
      public:
        FaultyTransaction(std::unique_ptr<ports::Transaction> transaction, Plan& plan)
            : transaction_(std::move(transaction)), plan_(plan) {}
        [[nodiscard]] const std::vector<ports::StoredOutcome>& outcomes() const override {
            return transaction_->outcomes();
        }
        [[nodiscard]] domain::Snapshot& snapshot() override { return transaction_->snapshot(); }
        [[nodiscard]] std::expected<void, ports::Error> commit(
            const ports::Commit& commit) override {
            const auto fault = plan_(&commit);
            if (!fault) return transaction_->commit(commit);
            switch (*fault) {
                case Fault::before_begin:
                case Fault::before_commit:
                    return failed(ports::ErrorKind::retryable);
                case Fault::conflict:
                    return failed(ports::ErrorKind::conflict);
                case Fault::after_commit:
                    if (auto committed = transaction_->commit(commit); !committed) return committed;
                    return failed(ports::ErrorKind::retryable);
                case Fault::refuses:
                    return failed(ports::ErrorKind::permanent);
            }
            return {};
        }

      private:
        std::unique_ptr<ports::Transaction> transaction_;
        Plan& plan_;
    };

    std::unique_ptr<ports::Store> store_;
    Plan plan_;
};

}  // namespace stockroom::system
