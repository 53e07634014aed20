#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/ports/events.hpp"
#include "stockroom/ports/relay_log.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::relay {

class ReadSize;
class Refusals;
class SurePosition;

struct RelayOptions {
    std::chrono::milliseconds poll_interval{15};     // between looks at a log that stands still
    std::chrono::milliseconds lead_interval{1'000};  // between a standby's tries to take the lead
    std::chrono::milliseconds heartbeat_interval{1'000};
    std::chrono::milliseconds publish_time_max{3'000};  // of what was read at once; then again
    /// From a look at the log to the end of publishing what it gave: less than
    /// ports::RelayLog::kSilenceMax, so that another who leads by then has not published more.
    std::chrono::milliseconds lead_time_max{4'500};
    // So long publishing may fail until another gets the chance to do better; doubles with each
    // time in a row that this one had the lead in vain.
    std::chrono::milliseconds failing_max{5'000};
    std::chrono::milliseconds failing_max_max{60'000};
    std::chrono::milliseconds chance_time{2'000};  // that others get; more than a lead_interval
    // What a queue does not take is published again for so long, and then counts as published;
    // until none has refused anything for refusals_memory, or the bus has failed.
    std::chrono::milliseconds refusals_patience{10'000};
    std::chrono::milliseconds refusals_memory{600'000};
    // So long after a refusal a failure of the bus may lose what other queues were given.
    std::chrono::milliseconds settling{5'000};
    // How far the saved position lags at most: so much is published again by the next leader.
    std::chrono::milliseconds save_interval{100};
    std::int64_t unsaved_max = 5'000;
    std::size_t events_max = 2'048;             // read at once,
    std::size_t bytes_max = 4 * 1024 * 1024;    // and about so many, of messages
    std::chrono::milliseconds backoff_min{50};  // doubles up to
    std::chrono::milliseconds backoff_max{1'000};
    std::function<base::Deadline()> now = std::chrono::steady_clock::now;
};

/// Publishes committed events in the order of the log, at least once, while it has the lead; as
/// contract::encode_events, consecutive ones of one type in one message. A queue that goes on
/// refusing them holds up nobody else, and misses them.
///
/// While it has the lead it also says each heartbeat_interval how far it is, and with it that what
/// was committed before is published: before the heartbeat's time, which is that of its look. So it
/// says nothing when the log cannot be read, and nothing while it lags.
///
/// A leader that cannot publish for failing_max gives up the lead: another may reach the bus. One
/// that stood still, and is not the leader any more when it goes on, learns that before it
/// publishes anything it had not handed to the bus already: repeats, all of them.
///
/// One thread owns it, but for trouble().
class Relay {
  public:
    /// REQUIRES: publisher, log and metrics outlive it.
    Relay(RelayOptions options, ports::EventPublisher& publisher, ports::RelayLog& log,
          telemetry::Metrics& metrics);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    /// Does what there is to do now, once, and says when to call again. It takes as long as the log
    /// takes, and up to publish_time_max.
    [[nodiscard]] std::chrono::milliseconds step();

    /// Saves the position that was reached, as far as the log lets it.
    void finish();

    /// Empty while it works, or waits for the lead; else what is wrong.
    [[nodiscard]] std::string trouble() const;

  private:
    template <typename T>
    using Result = std::expected<T, ports::Error>;

    [[nodiscard]] Result<std::chrono::milliseconds> ask_for_lead();
    [[nodiscard]] Result<std::chrono::milliseconds> relay();
    [[nodiscard]] Result<std::int64_t> find_head(const std::vector<ports::LoggedEvent>& events,
                                                 bool is_all);
    [[nodiscard]] Result<void> publish(std::vector<ports::LoggedEvent> events);
    [[nodiscard]] Result<void> publish_heartbeat(base::Time looked_at);
    [[nodiscard]] Result<ports::EventsTaken> publish(std::span<const ports::EventMessage> messages);
    [[nodiscard]] Result<void> save();
    [[nodiscard]] std::unexpected<ports::Error> store_failed(ports::Error error);
    void count_failing(base::Deadline since);
    void lose_lead();
    [[nodiscard]] std::chrono::milliseconds back_off(const ports::Error& error);
    void recover();
    /// The bus has failed: what it may have lost is published again.
    void go_back();
    void tell_refused(std::int64_t events);
    void show_lag(std::int64_t positions, std::chrono::microseconds age);
    [[nodiscard]] base::Deadline now() const { return options_.now(); }

    const RelayOptions options_;
    ports::EventPublisher& publisher_;
    ports::RelayLog& log_;

    bool leads_ = false;
    base::Deadline lead_until_;  // by a real clock, as what waits for the bus
    std::optional<base::Deadline> failing_since_;
    std::chrono::milliseconds failing_max_;
    base::Deadline chance_until_;
    std::int64_t published_ = 0;  // position
    std::int64_t saved_ = 0;
    base::Deadline save_due_;
    base::Deadline heartbeat_due_;
    unsigned failures_ = 0;  // in a row
    const std::unique_ptr<ReadSize> read_size_;
    const std::unique_ptr<Refusals> refusals_;
    const std::unique_ptr<SurePosition> sure_;  // published_, or before it
    std::int64_t refused_untold_ = 0;           // events
    base::Deadline refused_due_;                // to be told next

    telemetry::Counter events_total_;
    telemetry::Counter messages_total_;
    telemetry::Counter refused_events_total_;
    telemetry::Histogram publish_seconds_;
    telemetry::Gauge leader_;
    telemetry::Gauge lag_positions_;
    telemetry::Gauge lag_seconds_;

    mutable base::mutex mutex_;
    std::string trouble_ STOCKROOM_GUARDED_BY(mutex_);
};

}  // namespace stockroom::relay
