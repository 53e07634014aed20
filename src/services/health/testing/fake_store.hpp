#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/ports/lead.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/ports/store.hpp"

namespace stockroom::health::testing {

/// A store that holds parts and nothing else, as the adapters do: versions follow each other, or
/// there is a conflict. Thread-safe.
class FakeStore {
  public:
    enum class Trouble {
        none,
        away,         // nothing goes
        answer_lost,  // it commits, and says that the connection was lost
    };

    void set_trouble(Trouble trouble) {
        const base::lock_guard lock(mutex_);
        trouble_ = trouble;
        changed_.notify_all();
    }
    void give_lead(bool is_free) {
        const base::lock_guard lock(mutex_);
        lead_is_free_ = is_free;
    }
    /// What is of this part can never be written.
    void refuse(std::string part) {
        const base::lock_guard lock(mutex_);
        refused_ = std::move(part);
    }
    /// As somebody else writes it.
    void put(domain::PartChange change) {
        const base::lock_guard lock(mutex_);
        keep(std::move(change));
    }

    /// Waits until so many changes were committed; gives all there are.
    [[nodiscard]] std::vector<domain::PartChange> wait_for(std::size_t count) {
        const auto deadline = base::in(std::chrono::seconds(60));
        const base::lock_guard lock(mutex_);
        while (written_.size() < count && changed_.wait_until(mutex_, deadline)) {
        }
        return written_;
    }
    /// Waits until it was tried in vain so often, ever.
    [[nodiscard]] bool wait_for_failures(int count) {
        const auto deadline = base::in(std::chrono::seconds(60));
        const base::lock_guard lock(mutex_);
        while (failures_ < count) {
            if (!changed_.wait_until(mutex_, deadline)) return false;
        }
        return true;
    }
    /// Waits until somebody asks for the lead once more, in vain.
    [[nodiscard]] bool wait_for_lead_refused() {
        const auto deadline = base::in(std::chrono::seconds(60));
        const base::lock_guard lock(mutex_);
        const int before = leads_refused_;
        while (leads_refused_ == before) {
            if (!changed_.wait_until(mutex_, deadline)) return false;
        }
        return true;
    }
    [[nodiscard]] std::vector<ports::EventRecord> events() {
        const base::lock_guard lock(mutex_);
        return events_;
    }
    [[nodiscard]] std::size_t commits() {
        const base::lock_guard lock(mutex_);
        return commits_;
    }

    [[nodiscard]] std::unique_ptr<ports::Store> make_store();
    [[nodiscard]] std::unique_ptr<ports::Queries> make_queries();
    [[nodiscard]] std::unique_ptr<ports::Lead> make_lead();

    // What those ask.
    [[nodiscard]] std::expected<void, ports::Error> commit(const ports::Commit& commit);
    [[nodiscard]] std::expected<std::vector<domain::PartChange>, ports::Error> parts();
    [[nodiscard]] std::expected<bool, ports::Error> take_lead();

  private:
    [[nodiscard]] ports::Error fail() STOCKROOM_REQUIRES(mutex_) {
        ++failures_;
        changed_.notify_all();
        return {ports::ErrorKind::retryable, "it is away"};
    }
    void keep(domain::PartChange change) STOCKROOM_REQUIRES(mutex_) {
        if (change.incident && change.incident->ended_at) change.incident.reset();
        parts_.insert_or_assign(change.part, std::move(change));
    }

    base::mutex mutex_;
    base::condition changed_;
    Trouble trouble_ STOCKROOM_GUARDED_BY(mutex_) = Trouble::none;
    bool lead_is_free_ STOCKROOM_GUARDED_BY(mutex_) = true;
    int failures_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    int leads_refused_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::string refused_ STOCKROOM_GUARDED_BY(mutex_);
    std::size_t commits_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::map<std::string, domain::PartChange> parts_ STOCKROOM_GUARDED_BY(mutex_);
    std::vector<domain::PartChange> written_ STOCKROOM_GUARDED_BY(mutex_);
    std::vector<ports::EventRecord> events_ STOCKROOM_GUARDED_BY(mutex_);
};

}  // namespace stockroom::health::testing
