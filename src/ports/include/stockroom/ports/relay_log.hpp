#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <vector>

#include "stockroom/ports/error.hpp"
#include "stockroom/ports/queries.hpp"

namespace stockroom::ports {

/// The event log as the relay reads it, and how far it has come. One thread owns each; it may
/// block. The lead is lost with any error, and some time after nothing has been asked for
/// kSilenceMax: another process may have it then. Ask for it again.
class RelayLog {
  public:
    virtual ~RelayLog() = default;

    template <typename T>
    using Result = std::expected<T, Error>;

    static constexpr std::chrono::seconds kSilenceMax{5};

    /// Whether this one relays now. Of several processes one has the lead, until it ends or loses
    /// its connection to the store. Never waits for another to give it up.
    [[nodiscard]] virtual Result<bool> take_lead() = 0;
    /// From here on another may take it. Who has none gives up nothing.
    virtual void give_up_lead() = 0;

    /// Up to where everything is published; 0 at first. REQUIRES: it has the lead.
    [[nodiscard]] virtual Result<std::int64_t> position() = 0;
    /// REQUIRES: it has the lead; everything up to there is published.
    [[nodiscard]] virtual Result<void> save_position(std::int64_t position) = 0;

    /// As Queries::events_after.
    [[nodiscard]] virtual Result<std::vector<LoggedEvent>> events_after(std::int64_t position,
                                                                        std::size_t limit) = 0;
    /// The position of the log's last line.
    [[nodiscard]] virtual Result<std::int64_t> log_head() = 0;
};

}  // namespace stockroom::ports
