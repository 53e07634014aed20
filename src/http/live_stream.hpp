#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>

#include "stockroom/http/stream.hpp"

#include "connection.hpp"

namespace stockroom::http {

/// The stream of one connection, from when its head is sent until nothing more can be.
class Connection::LiveStream final : public Stream {
  public:
    LiveStream(Connection& connection, bool chunked);
    ~LiveStream() override;
    LiveStream(const LiveStream&) = delete;
    LiveStream& operator=(const LiveStream&) = delete;

    /// Has the body written, and its end told to the client. Call once.
    boost::asio::awaitable<void> run(StreamBody body);

    boost::asio::awaitable<bool> write(std::string_view bytes) override;
    boost::asio::awaitable<bool> wait_until(base::Deadline deadline) override;
    void wake() override;

    /// Nothing more is written after what is under way.
    void stop();

  private:
    using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                                    boost::asio::io_context::executor_type>;

    /// Sees the client go, and drops what it sends.
    boost::asio::awaitable<void> watch();
    /// Sends bytes as they are; false: the client has gone or is too slow.
    boost::asio::awaitable<bool> send(std::string bytes);
    void give_up();

    Connection& connection_;
    bool chunked_;
    Timer timer_;
    bool woken_ = false;
    bool over_;             // write() and wait_until() say so
    bool gone_ = false;     // nothing can be sent
    bool done_ = false;     // watch() is to end
    bool watching_ = true;  // watch() has not ended
};

}  // namespace stockroom::http
