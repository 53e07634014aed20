#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/classic.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::bus_memory {

/// What may happen to a message on its way, for tests. Drawn from the seed in the order of the
/// calls on a queue, without a clock: the same calls give the same deliveries.
struct Chaos {
    std::uint64_t seed = 0;
    double duplicate = 0;  // 0 to 1: delivered once more, later, perhaps after it was acked
    double delay = 0;      // 0 to 1: passed by messages that were published later
    double reorder = 0;    // 0 to 1: put somewhere among those that wait
};

struct Options {
    std::size_t queue_max = 10'000;  // messages of one queue, those taken and not acked among them
    std::size_t queue_bytes_max = 64 * 1024 * 1024;  // of them; a queue takes any one message
    std::optional<Chaos> chaos{};
};

struct DeadLetter {
    std::string queue;
    std::string bytes;
    std::string reason;
};

/// A queue as it is at this moment.
struct QueueCounts {
    std::size_t consumers = 0;
    std::size_t ready = 0;        // messages that wait
    std::size_t unacked = 0;      // messages that were taken
    std::uint64_t published = 0;  // ever
};

/// The bus of the embedded shape: named, bounded queues in this process's memory. What is published
/// is gone with the process, so `durable` is told only when the message is acked, which is when its
/// outcome is committed. Publishers and consumers may outlive the bus; they find it closed.
class MemoryBus final : public ports::Bus, public ports::ClassicBus {
  public:
    explicit MemoryBus(telemetry::Metrics& metrics, Options options = {});
    ~MemoryBus() override;
    MemoryBus(const MemoryBus&) = delete;
    MemoryBus& operator=(const MemoryBus&) = delete;

    /// The handler is not called any more once the publisher is destroyed; it must not destroy the
    /// publisher itself.
    [[nodiscard]] std::unique_ptr<ports::Publisher> make_publisher(
        ports::ReplyHandler on_replies) override;
    [[nodiscard]] std::unique_ptr<ports::Consumer> make_consumer(std::string_view queue) override;
    [[nodiscard]] std::unique_ptr<ports::ClassicConsumer> make_classic_consumer(
        std::string_view queue) override;
    [[nodiscard]] std::unique_ptr<ports::Asker> make_asker() override;
    [[nodiscard]] std::string trouble() const override;

    /// Nothing is taken any more. What still waits ends as `unavailable`, or as `unknown` when it
    /// was given out before; what is being worked on can still be acked.
    void close();

    /// Those that nobody has taken yet, oldest first.
    [[nodiscard]] std::vector<DeadLetter> dead_letters() const;
    [[nodiscard]] QueueCounts counts(std::string_view queue) const;

  private:
    class Core;
    std::shared_ptr<Core> core_;
    friend class MemoryPublisher;
    friend class MemoryConsumer;
    friend class MemoryAsker;
};

}  // namespace stockroom::bus_memory
