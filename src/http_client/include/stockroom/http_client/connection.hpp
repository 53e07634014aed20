#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "stockroom/base/time.hpp"
#include "stockroom/contract/json.hpp"
#include "stockroom/http_client/lookup.hpp"
#include "stockroom/http_client/url.hpp"

namespace stockroom::http_client {

struct Request {
    std::string method;
    std::string target;           // "/v1/items?limit=500"
    std::string body;             // JSON; empty: none
    std::string idempotency_key;  // visible ASCII; empty: none
    std::string authorization{};  // the header's value; empty: none
};

struct Answer {
    int status = 0;
    contract::JsonValue json;  // null when the body is no JSON

    [[nodiscard]] bool is_done() const { return status == 200 || status == 201; }
    /// The type of the problem that it is: "already_exists". Empty when it is none.
    [[nodiscard]] std::string_view problem() const;
    /// For people: "422 idempotency_key_reused: …".
    [[nodiscard]] std::string explain() const;
};

/// Why there is no answer.
struct NoAnswer {
    enum class Reason : std::uint8_t {
        not_reached,  // nothing was sent
        cut_off,      // the request may have been heard
    };
    Reason reason = Reason::not_reached;
    std::string detail;  // "cannot reach http://…: Connection refused"
};

template <typename T>
using Answered = boost::asio::awaitable<std::expected<T, NoAnswer>>;

/// One kept-alive HTTP/1.1 connection: requests one after the other, on the thread that runs the
/// io_context.
class Connection {
  public:
    /// REQUIRES: context and url outlive the connection.
    Connection(boost::asio::io_context& context, const ServerUrl& url);
    /// The addresses come by the lookup, which is of the same host. REQUIRES: as above.
    Connection(boost::asio::io_context& context, const ServerUrl& url, Lookup& lookup);

    [[nodiscard]] boost::asio::io_context& context() const { return context_; }

    /// Does nothing when it is connected already.
    Answered<void> connect(base::Deadline deadline);
    /// Connects first where needed. After an error the connection is closed.
    Answered<Answer> ask(Request request, base::Deadline deadline);

  private:
    Answered<Endpoints> resolve(base::Deadline deadline);
    boost::asio::awaitable<Lookup::Found> ask_resolver(base::Deadline deadline);
    Answered<Answer> receive_answer();
    [[nodiscard]] std::string encode(const Request& request) const;
    void close();
    [[nodiscard]] NoAnswer trouble(NoAnswer::Reason reason, const std::string& why) const;

    boost::asio::io_context& context_;
    const ServerUrl& url_;
    Lookup* const lookup_ = nullptr;  // null: asio's resolver
    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    bool is_connected_ = false;
};

/// Whether this answer says that there may be another one later: 202, 429, 503.
[[nodiscard]] bool is_passing(int status);

/// Asks again, with growing pauses, until there is an answer that will stay: after a connection
/// that failed, after 429 and 503, and after a 202 once its command is decided. Gives up at the
/// deadline, with the last answer or trouble. REQUIRES: the request is a read, or has an
/// idempotency key.
Answered<Answer> ask_until_answered(Connection& connection, Request request,
                                    base::Deadline deadline);

}  // namespace stockroom::http_client
