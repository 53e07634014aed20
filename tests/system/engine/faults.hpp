#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "stockroom/ports/store.hpp"

namespace stockroom::system_test {

/// What a faulty store does instead of, or besides, what it is asked for.
struct Faults {
    std::function<std::optional<ports::Error>()> on_begin{};
    std::function<void(domain::Snapshot&)> on_loaded{};  // for commands, not to ask for the store
    std::function<std::optional<ports::Error>(const ports::Commit&)> before_commit{};
    std::function<std::optional<ports::Error>()> after_commit{};  // it is committed all the same
};

class FaultyTransaction final : public ports::Transaction {
  public:
    FaultyTransaction(std::unique_ptr<ports::Transaction> real, const Faults& faults)
        : real_(std::move(real)), faults_(faults) {}

    const std::vector<ports::StoredOutcome>& outcomes() const override { return real_->outcomes(); }
    domain::Snapshot& snapshot() override { return real_->snapshot(); }
    std::expected<void, ports::Error> commit(const ports::Commit& commit) override {
        if (faults_.before_commit)
            if (auto error = faults_.before_commit(commit)) return std::unexpected(*error);
        auto committed = real_->commit(commit);
        if (committed && faults_.after_commit)
            if (auto error = faults_.after_commit()) return std::unexpected(*error);
        return committed;
    }

  private:
    std::unique_ptr<ports::Transaction> real_;
    const Faults& faults_;
};

class FaultyStore final : public ports::Store {
  public:
    FaultyStore(std::unique_ptr<ports::Store> real, Faults faults)
        : real_(std::move(real)), faults_(std::move(faults)) {}

    std::expected<std::unique_ptr<ports::Transaction>, ports::Error> begin(
        std::span<const base::Uuid> commands, const domain::Keys& keys,
        base::Deadline deadline) override {
        if (faults_.on_begin)
            if (auto error = faults_.on_begin()) return std::unexpected(*error);
        auto begun = real_->begin(commands, keys, deadline);
        if (!begun) return begun;
        if (faults_.on_loaded && !commands.empty()) faults_.on_loaded((*begun)->snapshot());
        return std::make_unique<FaultyTransaction>(*std::move(begun), faults_);
    }

  private:
    std::unique_ptr<ports::Store> real_;
    const Faults faults_;
};

}  // namespace stockroom::system_test
