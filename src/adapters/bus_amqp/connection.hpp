#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/base/time.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/error.hpp"

#include "endpoint.hpp"
#include "wakeup.hpp"
#include "watchdog.hpp"

struct amqp_connection_state_t_;
struct amqp_frame_t_;

namespace stockroom::bus_amqp {

template <typename T>
using Expected = std::expected<T, ports::Error>;

using Channel = std::uint16_t;  // 1 to kChannelMax
inline constexpr Channel kChannelMax = 2;

/// How long one call may wait for the broker, at the longest.
inline constexpr std::chrono::milliseconds kCallMax{3'000};

// What a message that this process sets aside says of itself.
inline constexpr std::string_view kReasonHeader = "x-reason";
inline constexpr std::string_view kQueueHeader = "x-queue";
inline constexpr std::string_view kRedeliveriesHeader = "x-redeliveries";

struct Header {
    std::string_view name;
    std::string_view value;
};

/// A message to publish. The views must outlive the call only.
struct Outgoing {
    std::string_view exchange{};  // empty: the default one, which routes to the queue of that name
    std::string_view routing_key{};
    std::string_view bytes{};
    std::string_view content_type = "application/json";
    std::string_view message_id{};
    std::string_view reply_to{};
    std::string_view correlation_id{};
    std::string_view type{};
    std::span<const Header> headers{};
    std::chrono::milliseconds expiration{};  // dropped when it has waited for so long; 0: never
    bool mandatory = false;                  // what no queue takes is returned
    bool persistent = true;
};

/// A message that came in.
struct Incoming {
    std::uint64_t tag = 0;  // the broker's, of this channel
    std::string exchange;
    std::string routing_key;
    std::string message_id;
    std::string reply_to;
    std::string correlation_id;
    std::string type;
    std::uint32_t earlier_deliveries = 0;
    ports::Death death;  // as its headers say
    std::string bytes;
};

/// Gets what comes in, inside pump(). Must not call the connection.
class Receiver {
  public:
    virtual ~Receiver() = default;
    virtual void on_message(Channel /*channel*/, Incoming /*message*/) {}
    /// A mandatory message that no queue takes. Its confirm comes after it, as if it were taken.
    virtual void on_return(Incoming /*message*/, std::string_view /*reason*/) {}
    /// The publication of this number, and with `multiple` all before it, is taken or refused.
    virtual void on_confirm(std::uint64_t /*number*/, bool /*multiple*/, bool /*taken*/) {}
};

/// One connection to the broker, of one thread. After any error it is of no use any more: all
/// errors are retryable, on a new connection, but for a message that must not be sent (permanent;
/// the connection is as it was). Every call waits kCallMax at the longest.
class Connection {
  public:
    /// Connects, logs in, and opens the channels 1 to kChannelMax. Waits up to three times kCallMax
    /// and as long as the name's resolution takes.
    [[nodiscard]] static Expected<std::unique_ptr<Connection>> open(const Endpoint& endpoint,
                                                                    std::string_view service,
                                                                    std::string_view purpose,
                                                                    std::chrono::seconds heartbeat,
                                                                    Watch& watch);
    /// Says goodbye when it still can: what was sent before has then arrived.
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // These wait for the broker's answer; what comes in meanwhile is kept for pump().
    /// Publications on the channel are numbered from 1 on, and confirmed.
    [[nodiscard]] Expected<void> select_confirms(Channel channel);
    [[nodiscard]] Expected<void> declare_exchange(std::string_view name, std::string_view type);
    struct QueueArguments {
        std::int64_t delivery_limit = 0;   // 0: none
        std::int64_t messages_max = 0;     // 0: no limit; beyond it publications are refused
        std::string_view dead_exchange{};  // dead letters go there, at least once; empty: nowhere
    };
    /// A quorum queue.
    [[nodiscard]] Expected<void> declare_queue(std::string_view name,
                                               const QueueArguments& arguments);
    /// A durable classic queue without arguments, as those that anybody else declares.
    [[nodiscard]] Expected<void> declare_classic_queue(std::string_view name);
    /// A queue of this connection alone, gone with it. Returns its name. The oldest messages beyond
    /// a limit are dropped.
    [[nodiscard]] Expected<std::string> declare_own_queue(std::int64_t messages_max,
                                                          std::chrono::milliseconds age_max);
    [[nodiscard]] Expected<void> bind(std::string_view queue, std::string_view exchange,
                                      std::string_view routing_key);
    enum class Acks { by_us, none };
    /// `prefetch`: so many are given out and not acked at most; 0: any number.
    [[nodiscard]] Expected<void> consume(Channel channel, std::string_view queue,
                                         std::string_view consumer, Acks acks,
                                         std::uint16_t prefetch);
    /// What was given out stays so.
    [[nodiscard]] Expected<void> cancel(Channel channel, std::string_view consumer);

    // These wait only while the socket is full.
    /// Adds app_id, timestamp and a traceparent (W3C Trace Context) of its own. Returns its number
    /// on the channel, from 1 on. REQUIRES: at most 8 headers.
    [[nodiscard]] Expected<std::uint64_t> publish(Channel channel, const Outgoing& message);
    [[nodiscard]] Expected<void> ack(Channel channel, std::uint64_t tag, bool multiple);
    [[nodiscard]] Expected<void> give_back(Channel channel, std::uint64_t tag, bool multiple);

    /// Works off what has come in, without waiting; sends heartbeats. Call it every few seconds.
    [[nodiscard]] Expected<void> pump(Receiver& receiver);
    /// Whether there is something to pump without another look at the socket.
    [[nodiscard]] bool has_buffered() const;
    [[nodiscard]] int socket() const;

    /// Not empty while the broker reads nothing that we send (connection.blocked): why.
    [[nodiscard]] const std::string& blocked() const { return blocked_; }
    /// Whether the socket takes something now. When it does not, the next wait_for() ends once it
    /// does.
    [[nodiscard]] bool writable();
    /// What wait_for() waits for, of poll().
    [[nodiscard]] short awaited_events();

  private:
    struct Content;
    Connection(std::string_view service, Watch& watch);
    [[nodiscard]] Expected<void> connect(const Endpoint& endpoint);
    [[nodiscard]] Expected<void> log_in(const Endpoint& endpoint, std::string_view purpose,
                                        std::chrono::seconds heartbeat);
    [[nodiscard]] Expected<void> check_answer(std::string_view doing);
    [[nodiscard]] Expected<void> check_status(int status, std::string_view doing);
    [[nodiscard]] ports::Error fail(std::string_view doing, std::string_view why);

    /// A status of librabbitmq.
    [[nodiscard]] int next_frame(amqp_frame_t_& frame);
    [[nodiscard]] Expected<void> on_frame(const amqp_frame_t_& frame, Receiver& receiver);
    [[nodiscard]] Expected<void> on_method(const amqp_frame_t_& frame, Receiver& receiver);
    void on_header(const amqp_frame_t_& frame, Content& content);
    void finish(Channel channel, Content& content, Receiver& receiver);

    amqp_connection_state_t_* const state_;
    Watch& watch_;
    const std::string service_;
    bool failed_ = true;  // until it is logged in
    std::string blocked_;
    bool waits_for_room_ = false;                                     // in the socket
    std::array<std::uint64_t, kChannelMax + 1> published_{};          // per channel
    std::unique_ptr<std::array<Content, kChannelMax + 1>> contents_;  // what is coming in
};

/// Returns when one of the connections has something to pump, at a wake, and at the deadline; and
/// every second, for the heartbeats.
void wait_for(std::span<Connection* const> connections, Wakeup& wakeup, base::Deadline deadline);

/// Publishes in this order on a channel that confirms, and returns when the broker has answered all
/// of them: the numbers of those, from 0 on, that some queue has refused (basic.nack), in their
/// order; all others are taken. What else comes in is dropped.
/// Errors: as publish(); retryable also when one was returned, or at the deadline. Some of them may
/// be taken; what comes of them later does not matter to the next call.
[[nodiscard]] Expected<std::vector<std::size_t>> publish_confirmed(
    Connection& connection, Channel channel, std::span<const Outgoing> messages,
    base::Deadline deadline);

}  // namespace stockroom::bus_amqp
