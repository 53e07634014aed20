#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "stockroom/telemetry/metrics.hpp"

#include "cache_keys.hpp"
#include "hearing.hpp"
#include "heartbeat_times.hpp"

namespace stockroom::gateway {

/// Answers that were read from the store, kept as long as it hears of every change (DESIGN: the
/// gateway's read cache). Lives on one thread; it has no clock: whoever calls says what time it is.
class ReadCache : public std::enable_shared_from_this<ReadCache> {
  public:
    using Time = std::chrono::steady_clock::time_point;

    struct Options {
        std::size_t entries_max = 100'000;
        std::size_t bytes_max = 64UL * 1024 * 1024;
        /// Longest time since the relay has looked at the log's end, by its last heartbeat. How
        /// long that was under way is known to less than a second, so no answer is older than
        /// 3 s without saying so (docs/decisions/read-cache.md).
        std::chrono::milliseconds silence_max{2'000};
    };

    struct Entry {
        CacheKey key;
        std::string body;
        std::string entity_tag;         // empty: none
        std::optional<Time> old_since;  // what is later may have changed it; empty: it is right

        [[nodiscard]] std::size_t bytes() const;
    };

    ReadCache(Options options, telemetry::Metrics& metrics);

    /// Whether all changes are heard of, so that what is found is right.
    [[nodiscard]] bool hears(Time now);

    /// The answer, when it is known and right. Valid until the next call that is not const.
    [[nodiscard]] const Entry* find(const CacheKeyView& key, Time now);
    /// The answer as it was known last, right or not. Valid as that of find().
    [[nodiscard]] const Entry* find_old(const CacheKeyView& key, Time now);

    /// The way of one answer from the store into the cache: made before the read begins. What
    /// changes meanwhile makes it void.
    class Fill {
      public:
        Fill(std::shared_ptr<ReadCache> cache, CacheKey key, Time begun);
        ~Fill();
        Fill(const Fill&) = delete;
        Fill& operator=(const Fill&) = delete;

        void finish(std::string body, std::string entity_tag);

      private:
        friend class ReadCache;
        std::shared_ptr<ReadCache> cache_;
        CacheKey key_;
        Time begun_;
        bool is_void_ = false;
    };

    /// The answers are not right any more, and not to be given as old ones either.
    void forget(std::span<const CacheKey> keys);
    void hear(std::span<const Heard> heard, Time now);

    // Counted by whoever answers.
    void count_stale() { stale_.add(); }
    /// Brings the gauges up to date.
    void show(Time now);

  private:
    using Entries = std::list<Entry>;  // the one used last comes first

    void hear_events(const Heard& heard);
    void hear_heartbeat(const Heard& heard, Time now);
    void stop_hearing();
    void keep(Entry entry);
    void erase(Entries::iterator entry);
    void forget(const CacheKeyView& key);

    const Options options_;
    telemetry::Counter hits_;
    telemetry::Counter misses_;
    telemetry::Counter bypassed_;
    telemetry::Counter stale_;
    telemetry::Counter flushes_;
    telemetry::Gauge entries_gauge_;
    telemetry::Gauge bytes_gauge_;
    telemetry::Gauge hears_gauge_;
    telemetry::Gauge heartbeat_age_;

    Entries entries_;
    std::unordered_map<CacheKeyView, Entries::iterator> index_;  // keys lie in the entries
    std::size_t bytes_ = 0;
    std::unordered_multimap<CacheKeyView, Fill*> fills_;  // keys lie in the fills

    bool hears_ = false;
    std::int64_t position_ = 0;  // heard up to here, while it hears
    HeartbeatTimes heartbeat_times_;
    std::optional<Time> heartbeat_;  // when the last one was sent
};

}  // namespace stockroom::gateway
