#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/ports/bus.hpp"

#include "link.hpp"
#include "outbox.hpp"
#include "wakeup.hpp"

namespace stockroom::bus_amqp {

/// A thread with a connection: sends commands as DESIGN section 6 says, and hears their replies.
class AmqpPublisher final : public ports::Publisher, private Receiver {
  public:
    AmqpPublisher(std::shared_ptr<AmqpBus::Shared> shared, ports::ReplyHandler on_replies);
    /// Waits a second at most for what is not confirmed yet; then everything is answered.
    ~AmqpPublisher() override;
    AmqpPublisher(const AmqpPublisher&) = delete;
    AmqpPublisher& operator=(const AmqpPublisher&) = delete;

    void publish(std::string_view queue, const base::Uuid& id, std::string bytes, bool wants_reply,
                 ports::PublishedHandler done) override;

  private:
    [[nodiscard]] Expected<void> set_up(Connection& connection);
    void run();
    void take_inbox();
    void exchange_messages(Connection& connection);
    void send(Connection& connection);
    [[nodiscard]] Expected<std::uint64_t> send(Connection& connection, const Parcel& parcel);
    void note_state();
    [[nodiscard]] bool may_stop();

    void on_message(Channel channel, Incoming message) override;
    void on_return(Incoming message, std::string_view reason) override;
    void on_confirm(std::uint64_t number, bool multiple, bool taken) override;

    // All but the first two are the thread's own.
    const std::shared_ptr<AmqpBus::Shared> shared_;
    Wakeup wakeup_;
    const ports::ReplyHandler on_replies_;
    std::vector<std::string> replies_;  // not handed on yet
    Outbox outbox_;
    bool is_declaring_ = false;  // a message was returned: a queue is missing
    telemetry::Gauge unconfirmed_;
    double unconfirmed_told_ = 0;
    telemetry::Counter sent_;
    telemetry::Counter returned_;
    telemetry::Counter refused_;
    Link link_;

    base::mutex mutex_;
    std::vector<std::pair<std::string, Command>> inbox_ STOCKROOM_GUARDED_BY(mutex_);
    std::size_t inbox_bytes_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::size_t commands_waiting_ STOCKROOM_GUARDED_BY(mutex_) = 0;  // in the outbox
    std::size_t bytes_waiting_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    // From then on nothing is taken: the broker is away, and not only just now.
    base::Deadline refuse_from_ STOCKROOM_GUARDED_BY(mutex_) = base::Deadline::max();
    bool is_stopping_ STOCKROOM_GUARDED_BY(mutex_) = false;
    base::Deadline stop_by_ STOCKROOM_GUARDED_BY(mutex_);

    std::thread thread_;
};

}  // namespace stockroom::bus_amqp
