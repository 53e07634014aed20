#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/ports/bus.hpp"

namespace stockroom::health {

/// What became of a ping until its deadline.
struct Pinged {
    bool was_sent = true;  // false: too many are waited for in vain
    std::optional<ports::Published> published{};
    std::optional<std::chrono::microseconds> round_trip{};  // when it was answered
    /// How long the answer to an earlier ping took that came since the last one, too late for it.
    std::optional<std::chrono::microseconds> late{};
};

/// Sends pings through command queues and hears their answers. Of the thread that runs the context.
class Pinger {
  public:
    /// So many stand in a queue without an answer, of those that want one; of the others so many
    /// that the bus has not taken. Beyond them one more each `kRetry`, since what is waited for may
    /// be lost.
    static constexpr std::size_t kUnansweredMax = 5;
    static constexpr std::chrono::seconds kRetry{30};

    /// REQUIRES: both outlive it; once it is destroyed, the context runs no more.
    Pinger(ports::Bus& bus, boost::asio::io_context& context);
    ~Pinger();
    Pinger(const Pinger&) = delete;
    Pinger& operator=(const Pinger&) = delete;

    /// Waits for the answer or, when none is wanted, until the bus has taken it; until the deadline
    /// at most. That it was refused ends the wait, too.
    boost::asio::awaitable<Pinged> ping(std::string queue, bool wants_answer,
                                        base::Deadline deadline);

  private:
    using Clock = std::chrono::steady_clock;

    /// A queue, and whether an answer is wanted: neither takes the other's room.
    using Way = std::pair<std::string, bool>;
    struct Ping {
        Way way;
        Clock::time_point sent_at;
        boost::asio::steady_timer* waiter = nullptr;  // while somebody waits for it
        std::optional<ports::Published> published{};
        std::optional<std::chrono::microseconds> round_trip{};
    };
    struct Waiting {
        std::size_t count = 0;
        Clock::time_point last_sent;
        std::optional<std::chrono::microseconds> late{};
    };

    [[nodiscard]] static bool may_send(const Waiting& waiting);
    /// Nothing more is waited for of it.
    [[nodiscard]] static bool is_over(const Ping& ping);
    void note_published(const base::Uuid& id, ports::Published what);
    void note_answers(const std::vector<std::string>& replies);
    void forget(std::map<base::Uuid, Ping>::iterator ping);
    void forget_old();
    /// The answers are lost with the connection that they would have come by.
    void forget_all_waited_for_in_vain();

    boost::asio::io_context& context_;
    std::map<base::Uuid, Ping> pings_;  // by id, which is by time
    std::map<Way, Waiting> waiting_;
    std::unique_ptr<ports::Publisher> publisher_;
};

}  // namespace stockroom::health
