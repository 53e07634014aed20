#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "stockroom/http/limits.hpp"
#include "stockroom/http/router.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::http {

struct Address {
    std::string host;  // an IP address, v4 or v6 without brackets
    std::uint16_t port = 0;

    /// Reads "127.0.0.1:8080", "[::1]:0", "localhost:8080". The error says what is wrong.
    [[nodiscard]] static std::expected<Address, std::string> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
};

/// HTTP/1.1 (RFC 9112) on Beast, on one io_context that one thread runs. Requests of one connection
/// are answered in order. Framing that could be read in two ways is refused with 400 and the
/// connection closed (docs/http.md lists each case).
class Server {
  public:
    Server(boost::asio::io_context& context, Router router, Limits limits,
           telemetry::Metrics& metrics);
    /// Stops. REQUIRES: the io_context still exists, and is not being run by another thread. The
    /// metrics are not used any more afterwards; the handlers live until the context is gone.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds and starts to accept. Gives the address it is bound to (the real port for port 0). The
    /// error is for people: "127.0.0.1:8080: Address already in use".
    [[nodiscard]] std::expected<Address, std::string> start(const Address& address);

    /// Stops accepting, closes idle connections, lets requests under way be answered (with
    /// `Connection: close`); what a client keeps it waiting for is cut to limits.stop_time. The
    /// io_context runs out of work when the last is gone. Call on the io_context's thread.
    void stop();

    struct State;

  private:
    std::shared_ptr<State> state_;
};

}  // namespace stockroom::http
