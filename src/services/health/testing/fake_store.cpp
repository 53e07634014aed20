#include "fake_store.hpp"

#include "empty_queries.hpp"

namespace stockroom::health::testing {

namespace {

class FakeTransaction final : public ports::Transaction {
  public:
    explicit FakeTransaction(FakeStore& store) : store_(store) {}
    [[nodiscard]] const std::vector<ports::StoredOutcome>& outcomes() const override {
        return none_;
    }
    [[nodiscard]] domain::Snapshot& snapshot() override { return snapshot_; }
    [[nodiscard]] std::expected<void, ports::Error> commit(const ports::Commit& commit) override {
        return store_.commit(commit);
    }

  private:
    FakeStore& store_;
    domain::Snapshot snapshot_{base::Time()};
    std::vector<ports::StoredOutcome> none_;
};

class Writer final : public ports::Store {
  public:
    explicit Writer(FakeStore& store) : store_(store) {}
    [[nodiscard]] std::expected<std::unique_ptr<ports::Transaction>, ports::Error> begin(
        std::span<const base::Uuid>, const domain::Keys&, base::Deadline) override {
        return std::make_unique<FakeTransaction>(store_);
    }

  private:
    FakeStore& store_;
};

class Reader final : public ports::testing::EmptyQueries {
  public:
    explicit Reader(FakeStore& store) : store_(store) {}

    Result<std::vector<domain::PartChange>> parts() override { return store_.parts(); }

  private:
    FakeStore& store_;
};

class FakeLead final : public ports::Lead {
  public:
    explicit FakeLead(FakeStore& store) : store_(store) {}
    [[nodiscard]] std::expected<bool, ports::Error> take() override { return store_.take_lead(); }

  private:
    FakeStore& store_;
};

}  // namespace

std::unique_ptr<ports::Store> FakeStore::make_store() {
    return std::make_unique<Writer>(*this);
}

std::unique_ptr<ports::Queries> FakeStore::make_queries() {
    return std::make_unique<Reader>(*this);
}

std::unique_ptr<ports::Lead> FakeStore::make_lead() {
    return std::make_unique<FakeLead>(*this);
}

std::expected<void, ports::Error> FakeStore::commit(const ports::Commit& commit) {
    const base::lock_guard lock(mutex_);
    if (trouble_ == Trouble::away) return std::unexpected(fail());
    for (const domain::PartChange& change : commit.parts)
        if (change.part == refused_)
            return std::unexpected(ports::Error{ports::ErrorKind::permanent, "it does not fit in"});
    for (const domain::PartChange& change : commit.parts) {
        const auto found = parts_.find(change.part);
        if (change.version != (found == parts_.end() ? 1 : found->second.version + 1))
            return std::unexpected(ports::Error{ports::ErrorKind::conflict, "another was first"});
        keep(change);
    }
    ++commits_;
    written_.insert(written_.end(), commit.parts.begin(), commit.parts.end());
    events_.insert(events_.end(), commit.events.begin(), commit.events.end());
    changed_.notify_all();
    if (trouble_ == Trouble::answer_lost) return std::unexpected(fail());
    return {};
}

std::expected<std::vector<domain::PartChange>, ports::Error> FakeStore::parts() {
    const base::lock_guard lock(mutex_);
    if (trouble_ == Trouble::away) return std::unexpected(fail());
    std::vector<domain::PartChange> parts;
    for (const auto& [name, part] : parts_)
        parts.push_back(part);
    return parts;
}

std::expected<bool, ports::Error> FakeStore::take_lead() {
    const base::lock_guard lock(mutex_);
    if (trouble_ == Trouble::away) return std::unexpected(fail());
    if (!lead_is_free_) {
        ++leads_refused_;
        changed_.notify_all();
    }
    return lead_is_free_;
}

}  // namespace stockroom::health::testing
