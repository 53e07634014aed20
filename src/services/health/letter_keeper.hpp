#pragma once

#include <expected>
#include <span>
#include <vector>

#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/store.hpp"
#include "stockroom/telemetry/metrics.hpp"

#include "letter_changes.hpp"

namespace stockroom::health {

/// Takes dead letters from the bus, sets them down in the store, and acks them. Of one thread.
class LetterKeeper {
  public:
    /// REQUIRES: all outlive it; the consumer is of ports::kDeadQueue.
    LetterKeeper(ports::Consumer& consumer, ports::Store& store, telemetry::Metrics& metrics);

    /// Waits for letters until the deadline, and keeps those that are there; how many.
    /// Errors: the store's: what was taken is kept by the next call.
    [[nodiscard]] std::expected<std::size_t, ports::Error> keep(base::Deadline deadline);

  private:
    using Result = std::expected<void, ports::Error>;

    [[nodiscard]] Result keep_all(std::span<const ports::Delivery> deliveries);
    /// When one of them cannot be kept for good, the others are.
    [[nodiscard]] Result keep_each(std::span<const ports::Delivery> deliveries);
    void ack(std::span<const ports::Delivery> deliveries);

    ports::Consumer& consumer_;
    ports::Store& store_;
    telemetry::Counter kept_;
    std::vector<ports::Delivery> taken_;  // and not yet kept
};

/// What a delivery of the dead letters brings: each as it is to be kept.
[[nodiscard]] std::vector<domain::DeadLetterArrival> read_arrivals(const ports::Delivery& delivery);

}  // namespace stockroom::health
