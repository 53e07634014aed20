#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
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
/// the same the one with the lead writes; the others know only how each part is now. Who takes over
/// goes on from what is written, so that no incident is there twice, and writes how each part is
/// that is otherwise there.
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
    /// `parts`: all there are. What the store holds of others is ended. `on_trouble` is called on
    /// a thread of the diary's own for each that was not up when it was last written, as soon as
    /// the store can be read. Call once.
    void start(std::set<std::string> parts,
               std::function<void(const std::string& part)> on_trouble = {});
    /// Lets it begin to stop, and does not wait.
    void request_stop();
    /// What is not written yet is lost: who starts next finds out by itself.
    void stop();

  private:
    using Result = std::expected<void, ports::Error>;
    using Parts = std::map<std::string, domain::PartChange>;
    /// The first changes that wait, as they are tried to be written at once.
    struct Batch {
        std::vector<domain::PartChange> changes;
        std::uint64_t dropped = 0;  // before them, ever
        Parts after{};              // what the store holds once they are written
    };

    void work(const std::stop_token& stop);
    /// False when there was trouble, or somebody else has the lead.
    [[nodiscard]] bool write_all(const std::stop_token& stop);
    [[nodiscard]] Result tell_trouble();
    [[nodiscard]] std::expected<bool, ports::Error> take_lead();
    /// What the store holds, and so what became of the batch.
    [[nodiscard]] Result read_store();
    /// Lets be written how each part is that the store holds otherwise.
    void catch_up() STOCKROOM_REQUIRES(mutex_);
    /// Empty: nothing waits.
    [[nodiscard]] Batch next_batch();
    [[nodiscard]] Result write(Batch& batch);
    /// The batch never can be written; so it goes by single changes, and the guilty one is lost.
    void refuse(const std::string& why);
    /// The batch is written.
    void settle() STOCKROOM_REQUIRES(mutex_);
    /// So many of the first changes are part of what is seen, and wait no more.
    void take_in(std::size_t count) STOCKROOM_REQUIRES(mutex_);
    void drop_first() STOCKROOM_REQUIRES(mutex_);
    /// Those of the batch that were not dropped meanwhile, for others to fit in.
    [[nodiscard]] std::size_t left_of(const Batch& batch) const STOCKROOM_REQUIRES(mutex_);
    void report(const std::string& trouble);

    const DiaryStore by_;
    const Options options_;
    telemetry::Gauge leads_gauge_;
    telemetry::Gauge waiting_;
    telemetry::Counter written_;

    // Of the thread.
    std::set<std::string> parts_;
    std::function<void(const std::string& part)> on_trouble_;  // empty: it was called
    bool leads_ = false;
    bool was_read_ = false;  // since another had the lead
    bool knows_ = false;     // stored_ is as the store is
    Parts stored_;           // as it was last known
    Batch batch_;            // that may have been written after that; or empty
    std::string trouble_;

    mutable base::mutex mutex_;
    base::condition changed_;
    bool stands_by_ STOCKROOM_GUARDED_BY(mutex_) = false;  // another has the lead
    Parts seen_ STOCKROOM_GUARDED_BY(mutex_);              // before those that wait
    std::deque<domain::PartChange> changes_ STOCKROOM_GUARDED_BY(mutex_);
    std::uint64_t dropped_ STOCKROOM_GUARDED_BY(mutex_) = 0;  // from the front, ever
    std::size_t singly_ STOCKROOM_GUARDED_BY(mutex_) = 0;     // of the first: each for itself
    bool stops_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::jthread thread_;
};

}  // namespace stockroom::health
