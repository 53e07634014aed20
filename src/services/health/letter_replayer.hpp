#pragma once

#include <condition_variable>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/ports/store.hpp"
#include "stockroom/telemetry/metrics.hpp"

#include "letter_changes.hpp"

namespace stockroom::health {

/// Sends what is to be replayed to the queues that it came from, and marks what they have. Of one
/// thread.
class LetterReplayer {
  public:
    /// A queue that has not taken a letter for so many calls, though the bus is well, is not there.
    static constexpr int kAttemptsMax = 25;

    /// REQUIRES: all outlive it.
    LetterReplayer(ports::Bus& bus, ports::Store& store, ports::Queries& queries,
                   telemetry::Metrics& metrics);

    /// Errors: the store's. What was sent and not marked is sent again by the next call.
    [[nodiscard]] std::expected<void, ports::Error> replay(const std::stop_token& stop);

  private:
    using Result = std::expected<void, ports::Error>;

    /// What becomes of one that was sent. Shared with the bus, which may tell late.
    class Sending {
      public:
        void put(ports::Published what);
        /// Empty when it is not known by the deadline, or when the stop came first.
        [[nodiscard]] std::optional<ports::Published> wait(const std::stop_token& stop,
                                                           base::Deadline deadline);

      private:
        // Not base::mutex: only the standard's condition_variable_any knows stop tokens.
        std::mutex mutex_;
        std::condition_variable_any told_;
        std::optional<ports::Published> what_;
    };
    using SendingPtr = std::shared_ptr<Sending>;

    /// Empty when it is not known whether the queue has it.
    [[nodiscard]] std::expected<std::optional<ports::Published>, ports::Error> send(
        const domain::DeadLetter& letter, const std::stop_token& stop);
    /// What is now known of it, as a change.
    void conclude(const domain::DeadLetter& letter, ports::Published what);
    [[nodiscard]] Result set_down();

    ports::Bus& bus_;
    ports::Store& store_;
    ports::Queries& queries_;
    const std::unique_ptr<ports::Publisher> publisher_;
    telemetry::Counter sent_;
    telemetry::Counter given_up_;
    std::map<std::string, SendingPtr> under_way_;  // by queue: what it has not yet told
    std::map<base::Uuid, int> attempts_;           // of letters that were not taken
    std::vector<LetterChange> changes_;            // to be set down
};

}  // namespace stockroom::health
