#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/ports/error.hpp"

namespace stockroom::ports {

/// What became of a published command.
enum class Published : std::uint8_t {
    durable,      // it will end as an outcome or as a dead letter (DESIGN: invariant 4)
    dead,         // it became a dead letter, already
    queue_full,   // not taken: there is no room; later there may be
    unavailable,  // not taken: the bus is away
    unknown,      // taken or not: ask for its outcome, or publish the same id again
};

/// Called on any thread, with what has come in at once; must be quick, and must not throw. Each is
/// one outcome, as the engine encoded it, or an array of them: contract::decode_outcomes reads it.
using ReplyHandler = std::function<void(std::vector<std::string>)>;
using PublishedHandler = std::function<void(Published)>;

/// The sending end, for the gateway and the sweeper. Thread-safe.
class Publisher {
  public:
    virtual ~Publisher() = default;

    /// Sends one command's bytes to a queue (or, to a classic queue, one message's; and when
    /// nothing else of this publisher's is on its way to the queue, as they are). At least once:
    /// the same command may be delivered more often, under the same id. Never blocks. `done` is
    /// called exactly once, from any thread, perhaps before this returns. With `wants_reply` the
    /// outcome comes to the reply handler at most once a delivery, or never: replies are not
    /// durable.
    virtual void publish(std::string_view queue, const base::Uuid& id, std::string bytes,
                         bool wants_reply, PublishedHandler done) = 0;
};

/// Where every dead letter goes.
inline constexpr std::string_view kDeadQueue = "stockroom.dead";

/// How a message came to be among the dead letters. What is not known is empty.
struct Death {
    std::string queue;               // that it came from
    std::string reason;              // for operators; bytes that need be no UTF-8
    std::uint32_t redeliveries = 0;  // how often it was given out again there
};

/// One message as taken from a queue.
struct Delivery {
    std::uint64_t tag = 0;                 // what ack and the others name it by
    std::string bytes;                     // one command, or an array of 1 to 256
    std::string reply_to;                  // where its outcomes go; empty: nowhere
    std::string correlation_id{};          // what its sender knows its answers by; empty: none
    std::string message_id{};              // what its sender knows it by; empty: none
    std::uint32_t earlier_deliveries = 0;  // how often it was given out before
    Death death{};                         // of a message of kDeadQueue
};

/// The outcome of one command, and where it goes.
struct Reply {
    std::string reply_to;
    std::string bytes;             // contract::encode_outcome
    std::string correlation_id{};  // the delivery's
};

/// The receiving end of one queue. One thread owns it. What was taken and not acked when it is
/// destroyed, or when its process dies, is delivered again.
class Consumer {
  public:
    virtual ~Consumer() = default;

    /// Waits until there is a message, then takes what is there, up to `messages_max`. Empty at the
    /// deadline and after interrupt().
    [[nodiscard]] virtual std::expected<std::vector<Delivery>, Error> take(
        std::size_t messages_max, base::Deadline deadline) = 0;

    /// Makes the take() under way, or the next one, return at once. From any thread.
    virtual void interrupt() = 0;

    /// At most once, never waits: outcomes must be committed before.
    virtual void reply(std::vector<Reply> replies) = 0;

    /// The messages are done with. REQUIRES: their outcomes are committed, or they are dead
    /// letters. Errors: as the connection's; what was not acked is delivered again.
    [[nodiscard]] virtual std::expected<void, Error> ack(std::span<const std::uint64_t> tags) = 0;

    /// Gives messages back: they are delivered again, with earlier_deliveries one higher.
    [[nodiscard]] virtual std::expected<void, Error> give_back(
        std::span<const std::uint64_t> tags) = 0;

    /// Sets bytes of a message aside among the dead letters, durably where the bus is durable: all
    /// of it, or the one command of an array that is at fault. At least once; the message is still
    /// to be acked.
    [[nodiscard]] virtual std::expected<void, Error> dead_letter(std::uint64_t tag,
                                                                 std::string_view bytes,
                                                                 std::string_view reason) = 0;
};

/// A bus: the queues and who is connected to them. Thread-safe.
class Bus {
  public:
    virtual ~Bus() = default;
    /// The handler gets the outcomes of what this publisher sent.
    [[nodiscard]] virtual std::unique_ptr<Publisher> make_publisher(ReplyHandler on_replies) = 0;
    [[nodiscard]] virtual std::unique_ptr<Consumer> make_consumer(std::string_view queue) = 0;
    /// Empty when the bus works; else what is wrong with it, for /readyz.
    [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace stockroom::ports
