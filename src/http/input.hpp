#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace stockroom::http {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// One connection's bytes that have arrived and are not consumed. They lie in a scratch buffer
/// which all connections of a server share, until keep() copies what is left of them: an idle
/// connection holds no memory here, and a request that comes whole is never copied.
class Input {
  public:
    /// REQUIRES: the scratch outlives this. Between receive() and keep() no other Input of the
    /// same scratch receives: no `co_await` may stand between them.
    explicit Input(std::span<char> scratch) : scratch_(scratch) {}

    [[nodiscard]] std::string_view bytes() const { return bytes_; }
    void consume(std::size_t count) { bytes_.remove_prefix(count); }

    /// Adds what the socket has now, at most the scratch's size. REQUIRES: a non-blocking socket.
    /// Errors: would_block, eof, the connection's.
    boost::system::error_code receive(Socket& socket);

    /// Makes the bytes last beyond the next `co_await`.
    void keep();

  private:
    std::span<char> scratch_;
    std::string kept_;
    std::string_view bytes_;  // into the scratch or kept_
};

}  // namespace stockroom::http
