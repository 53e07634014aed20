#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stockroom/base/time.hpp"
#include "stockroom/http/stream.hpp"
#include "stockroom/telemetry/metrics.hpp"

#include "event_types.hpp"
#include "query_pool.hpp"

namespace stockroom::gateway {

/// The newest part of the event log, read once for all who listen, while anybody does. Lives on the
/// thread of one io_context; who listens shares it.
class EventTail : public std::enable_shared_from_this<EventTail> {
  public:
    struct Options {
        std::size_t listeners_max = 1'000;
        std::size_t events_max = 4'096;  // kept for those who are not far behind
        std::size_t bytes_max = 8UL * 1024 * 1024;
        std::chrono::milliseconds look_every{500};  // for what nobody has nudged about
    };

    /// A part of the log as a listener gets it.
    struct Piece {
        std::string text;           // server-sent events; empty: none that is wanted
        std::int64_t position = 0;  // the last one that was looked at
    };

    EventTail(boost::asio::io_context& context, QueryPool& pool, Options options,
              telemetry::Metrics& metrics);

    /// A listener's place among the listeners_max, as long as it lives.
    class Seat;
    /// Null when all are taken.
    [[nodiscard]] std::shared_ptr<Seat> take_seat();

    /// A listener that is woken when there is more; as long as it lives.
    class Follower {
      public:
        /// `head`: a position that the log has reached.
        Follower(std::shared_ptr<EventTail> tail, http::Stream& stream, std::int64_t head);
        ~Follower();
        Follower(const Follower&) = delete;
        Follower& operator=(const Follower&) = delete;

        /// What comes after a position, some of it: an empty piece when nothing is there yet, none
        /// when that part of the log is not kept here any more.
        [[nodiscard]] std::optional<Piece> next(std::int64_t position,
                                                const EventTypes& types) const;
        /// The same out of the store, when it is this listener's turn. Errors: the stream is over,
        /// the turn has not come until `deadline`, or the store could not be read (then some time
        /// has passed).
        boost::asio::awaitable<std::optional<Piece>> catch_up(std::int64_t position,
                                                              EventTypes types,
                                                              base::Deadline deadline);

      private:
        std::shared_ptr<EventTail> tail_;
        http::Stream& stream_;
    };

    /// There may be more in the log. On the io_context's thread.
    void nudge();

  private:
    struct Told {
        std::string type;
        std::string text;
    };
    struct Turn;

    static boost::asio::awaitable<void> follow(std::shared_ptr<EventTail> self);
    boost::asio::awaitable<bool> read_more();
    boost::asio::awaitable<void> rest();
    void keep(std::vector<Told> read);
    void offer_turn();

    boost::asio::io_context& context_;
    QueryPool& pool_;
    Options options_;
    telemetry::Gauge listeners_;
    telemetry::Gauge position_gauge_;

    std::size_t seats_ = 0;
    std::vector<http::Stream*> followers_;
    std::size_t turns_ = 0;
    std::deque<http::Stream*> waiting_;  // for a turn

    std::deque<Told> kept_;  // up to position_, without a gap
    std::size_t kept_bytes_ = 0;
    std::int64_t position_ = 0;
    boost::asio::steady_timer timer_;
    bool following_ = false;
    bool nudged_ = false;
    bool pausing_ = false;
    bool failing_ = false;
};

}  // namespace stockroom::gateway
