#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/ports/classic.hpp"

#include "link.hpp"
#include "replies.hpp"
#include "unacked.hpp"
#include "wakeup.hpp"

namespace stockroom::bus_amqp {

/// A thread with two connections: one gets messages and acks them, the other one sends replies and
/// dead letters, so that a broker that takes no more messages still takes acks. It keeps them alive
/// however long the owner decides. While the broker is away, take() waits.
///
/// The prefetch follows what take() asks for: all that were given out count as delivered once more
/// when this process dies, so an owner that takes one at a time gets one at a time.
class AmqpConsumer final : public ports::ClassicConsumer, private Receiver {
  public:
    /// A classic queue is declared here, the others are in the topology. Arrays of commands are
    /// taken apart; other messages are left as they are.
    enum class Of { commands, classic, dead_letters };
    AmqpConsumer(std::shared_ptr<AmqpBus::Shared> shared, std::string_view queue, Of of);
    ~AmqpConsumer() override;
    AmqpConsumer(const AmqpConsumer&) = delete;
    AmqpConsumer& operator=(const AmqpConsumer&) = delete;

    [[nodiscard]] std::expected<std::vector<ports::Delivery>, ports::Error> take(
        std::size_t messages_max, base::Deadline deadline) override;
    void interrupt() override;
    void reply(std::vector<ports::Reply> replies) override;
    [[nodiscard]] std::expected<void, ports::Error> answer(ports::Reply reply,
                                                           base::Deadline deadline) override;
    [[nodiscard]] std::expected<void, ports::Error> ack(
        std::span<const std::uint64_t> tags) override;
    [[nodiscard]] std::expected<void, ports::Error> give_back(
        std::span<const std::uint64_t> tags) override;
    [[nodiscard]] std::expected<void, ports::Error> dead_letter(std::uint64_t tag,
                                                                std::string_view bytes,
                                                                std::string_view reason) override;

  private:
    /// A dead letter to be published. Its asker waits for it.
    struct DeadLetter {
        std::string_view bytes;
        std::string_view reason;
        std::uint32_t redeliveries;
        base::Deadline deadline;
        bool is_under_way = false;
        std::optional<Expected<void>> result{};
    };

    [[nodiscard]] Expected<void> settle(std::span<const std::uint64_t> tags, Settlement::Kind kind);

    /// Empty when all of them were given out on this connection.
    [[nodiscard]] std::optional<ports::Error> check(std::span<const std::uint64_t> tags)
        STOCKROOM_REQUIRES(mutex_);
    [[nodiscard]] std::vector<ports::Delivery> take_ready(std::size_t messages_max)
        STOCKROOM_REQUIRES(mutex_);

    // On the thread.
    void run();
    void serve_intake(Connection& connection, bool is_stopping);
    /// Some of them at least.
    void hand_over();
    [[nodiscard]] bool isolate(const Incoming& message);
    [[nodiscard]] Expected<void> send_settlements(Connection& connection);
    [[nodiscard]] Expected<void> adjust_prefetch(Connection& connection);
    /// Empty: as it is.
    [[nodiscard]] std::optional<std::uint16_t> wanted_prefetch();
    void forget_intake();
    void serve_outlet();
    [[nodiscard]] Expected<void> send_replies(Connection& connection);
    void serve_dead_letter();

    void on_message(Channel channel, Incoming message) override;

    const std::shared_ptr<AmqpBus::Shared> shared_;
    const std::string queue_;
    const Of of_;
    Wakeup wakeup_;
    telemetry::Counter dead_;
    telemetry::Counter isolated_;
    Link intake_;
    Link outlet_;
    std::vector<Incoming> incoming_;  // not handed over yet
    // The consumer at the broker: its prefetch (0: there is none), its name, and our tag of the
    // first message that it may have got.
    std::uint16_t prefetch_ = 0;
    std::string consumer_;
    std::uint64_t consumers_ = 0;
    std::uint64_t first_tag_ = 0;

    base::mutex mutex_;
    base::condition changed_;
    Unacked unacked_ STOCKROOM_GUARDED_BY(mutex_);
    // Of those that are not acked, and were given out before: how often.
    std::map<std::uint64_t, std::uint32_t> redelivered_ STOCKROOM_GUARDED_BY(mutex_);
    std::deque<ports::Delivery> ready_ STOCKROOM_GUARDED_BY(mutex_);
    std::size_t ready_bytes_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::size_t message_bytes_ STOCKROOM_GUARDED_BY(mutex_) = 0;  // as a rule, of the last ones
    std::size_t asked_ STOCKROOM_GUARDED_BY(mutex_) = 0;          // by the last take(); 0: none yet
    bool is_waiting_ STOCKROOM_GUARDED_BY(mutex_) = false;        // inside take()
    bool is_fresh_ STOCKROOM_GUARDED_BY(mutex_) = true;  // nothing was taken of this connection
    bool is_interrupted_ STOCKROOM_GUARDED_BY(mutex_) = false;
    bool is_stopping_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::vector<Settlement> settlements_ STOCKROOM_GUARDED_BY(mutex_);
    std::deque<ReplyMessage> replies_ STOCKROOM_GUARDED_BY(mutex_);
    std::size_t replies_bytes_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    bool waits_for_room_ STOCKROOM_GUARDED_BY(mutex_) = false;        // inside answer()
    DeadLetter* dead_letter_ STOCKROOM_GUARDED_BY(mutex_) = nullptr;  // that somebody waits for

    std::thread thread_;
};

}  // namespace stockroom::bus_amqp
