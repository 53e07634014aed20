#pragma once

#include <functional>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "stockroom/base/time.hpp"

namespace stockroom::http {

/// One client's end of a body that is written over time. Everything happens on the io_context's
/// thread.
class Stream {
  public:
    virtual ~Stream() = default;

    /// Sends the bytes at once and waits until the client's side has taken all but what the
    /// socket's buffer holds. False: the stream is over, because the client has gone, has not taken
    /// them within limits.write_time, or the server stops.
    virtual boost::asio::awaitable<bool> write(std::string_view bytes) = 0;

    /// Waits for wake() or the time. False: the stream is over.
    virtual boost::asio::awaitable<bool> wait_until(base::Deadline deadline) = 0;

    /// Ends the wait under way, or the next one. May be called while the body's writer runs.
    virtual void wake() = 0;
};

/// Writes a body, and returns soon once the stream is over. What it throws is logged, and the
/// client sees a body that is cut short.
using StreamBody = std::function<boost::asio::awaitable<void>(Stream&)>;

}  // namespace stockroom::http
