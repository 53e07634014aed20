#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>

#include "stockroom/base/mutex.hpp"
#include "stockroom/ports/events.hpp"

#include "link.hpp"
#include "wakeup.hpp"

namespace stockroom::bus_amqp {

/// A thread with a connection, which it keeps alive between publications. Publishes to the topic
/// exchange kEventsExchange by the messages' types; message_id is "FIRST-LAST", by positions.
class AmqpEventPublisher final : public ports::EventPublisher {
  public:
    explicit AmqpEventPublisher(std::shared_ptr<AmqpBus::Shared> shared);
    ~AmqpEventPublisher() override;
    AmqpEventPublisher(const AmqpEventPublisher&) = delete;
    AmqpEventPublisher& operator=(const AmqpEventPublisher&) = delete;

    /// Waits kCallMax beyond the deadline at the longest.
    [[nodiscard]] std::expected<ports::EventsTaken, ports::Error> publish(
        std::span<const ports::EventMessage> messages, base::Deadline deadline) override;

  private:
    /// What somebody waits for.
    struct Job {
        std::span<const ports::EventMessage> messages;
        base::Deadline deadline;
        bool is_under_way = false;
        std::optional<Expected<ports::EventsTaken>> result{};
    };

    // On the thread.
    void run(const std::stop_token& stop);
    void serve(Connection& connection);
    [[nodiscard]] Job* begin_job();
    [[nodiscard]] Expected<ports::EventsTaken> publish(Connection& connection, const Job& job);

    const std::shared_ptr<AmqpBus::Shared> shared_;
    Wakeup wakeup_;
    Link link_;
    std::uint64_t refused_epoch_ = 0;  // of the link, when something was refused on it; 0: nothing
    base::mutex mutex_;
    base::condition changed_;
    Job* job_ STOCKROOM_GUARDED_BY(mutex_) = nullptr;
    std::jthread thread_;
};

}  // namespace stockroom::bus_amqp
