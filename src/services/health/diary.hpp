#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/domain/health.hpp"
#include "stockroom/ports/lead.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/ports/store.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::health {

/// What the diary writes by, each on a connection of its own.
struct DiaryStore {
    std::unique_ptr<ports::Store> store;
    std::unique_ptr<ports::Queries> queries;
    std::unique_ptr<ports::Lead> lead;  // null: there is nobody else who could write
};

/// Writes changes to the store, each with its incident and its event `health.changed` in one
/// transaction, in their order, as soon as the store can be reached. Of several processes that see
/// the same the one with the lead writes; another that takes over goes on from what is written, so
/// that no incident is there twice.
class Diary {
  public:
    struct Options {
        std::size_t changes_max = 1'000;  // beyond them the oldest are dropped
        std::chrono::milliseconds pause{1'000};
    };

    Diary(DiaryStore by, telemetry::Metrics& metrics, Options options);
    Diary(DiaryStore by, telemetry::Metrics& metrics) : Diary(std::move(by), metrics, Options{}) {}
    /// Stops.
    ~Diary();
    Diary(const Diary&) = delete;
    Diary& operator=(const Diary&) = delete;

    /// Never waits. From any thread. The change's version is given when it is written.
    void put(domain::PartChange change);
    /// `parts`: all there are. What the store holds of others is ended. Call once.
    void start(std::set<std::string> parts);
    /// What is not written yet is lost: who starts next finds out by itself.
    void stop();

  private:
    using Result = std::expected<void, ports::Error>;

    void work(const std::stop_token& stop);
    /// False when there was trouble, or somebody else has the lead.
    [[nodiscard]] bool write_all();
    [[nodiscard]] std::expected<bool, ports::Error> take_lead();
    /// What the store holds, and what of it is not watched any more.
    [[nodiscard]] Result read_store();
    [[nodiscard]] Result write(std::vector<domain::PartChange> changes);
    /// What is to be written of a change after what is written already; nothing: it is known.
    [[nodiscard]] std::vector<domain::PartChange> news_of(
        const std::vector<domain::PartChange>& changes);
    void report(const std::string& trouble);
    /// Of those that were first when so many had been dropped.
    void drop_first(std::size_t count, std::uint64_t dropped_before);

    const DiaryStore by_;
    const Options options_;
    telemetry::Gauge leads_gauge_;
    telemetry::Gauge waiting_;
    telemetry::Counter written_;

    // Of the thread.
    std::set<std::string> parts_;
    bool leads_ = false;
    bool knows_ = false;  // stored_ is as the store is
    std::map<std::string, domain::PartChange> stored_;
    std::string trouble_;

    mutable base::mutex mutex_;
    base::condition changed_;
    std::deque<domain::PartChange> changes_ STOCKROOM_GUARDED_BY(mutex_);
    std::uint64_t dropped_ STOCKROOM_GUARDED_BY(mutex_) = 0;  // from the front, ever
    bool stops_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::jthread thread_;
};

}  // namespace stockroom::health
