#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stockroom/base/mutex.hpp"
#include "stockroom/http/server.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::http::test {

/// A server on a free port of 127.0.0.1, with a thread of its own until it is destroyed.
///     GET /constant, /readyz the body {"constant":true}
///     POST, PUT /echo        the request's body
///     GET /seen?…            what the handler saw: method, path, id, query, headers, one a line
///     GET /items/{sku}       the decoded parameter
///     GET /wait              answers once release() was called
///     GET /throws, /splits   a handler that throws; one that sets a header with a line break
///     GET /large             kLargeBytes of body
///     GET /cached            with a Cache-Control and a command id
///     GET /stream            "hello" at once, "bye" and the end once release() was called
///     GET /flood             a stream of 'x' without end
///     GET /torn              a stream that throws after "half"
class TestServer {
  public:
    static constexpr std::size_t kLargeBytes = 32UL * 1024 * 1024;

    explicit TestServer(const Limits& limits = {});
    ~TestServer();
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Lets every handler of /wait answer, those to come too.
    void release();
    /// Calls Server::stop on the server's thread.
    void stop();
    /// Waits until the server's context has run out of work.
    void join();

    /// Waits until so many streams have ended since the start; false: they have not within 60 s.
    [[nodiscard]] bool wait_for_ended_streams(int count);

    telemetry::Metrics metrics;

  private:
    boost::asio::awaitable<Response> wait_for_release(Request request);
    boost::asio::awaitable<Response> stream(StreamBody body);
    boost::asio::awaitable<void> write_hello(Stream& stream);
    boost::asio::awaitable<void> write_flood(Stream& stream);
    void stream_ended() STOCKROOM_EXCLUDES(mutex_);

    boost::asio::io_context context_{1};
    boost::asio::steady_timer released_;
    std::set<Stream*> waiting_;
    bool is_released_ = false;
    base::mutex mutex_;
    base::condition changed_;
    int ended_streams_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::optional<Server> server_;
    std::uint16_t port_ = 0;
    std::jthread thread_;
};

struct Answer {
    int status = 0;
    std::string head{};  // status line and headers, each with its CRLF, without the empty line
    std::string body{};

    /// The value of a header, by its name as it is written; empty when it is missing.
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// A client that sends bytes as they are told. Reads give up, failing the test, after 60 s.
class RawClient {
  public:
    explicit RawClient(std::uint16_t port);
    ~RawClient();
    RawClient(RawClient&& other) noexcept;
    RawClient& operator=(RawClient&&) = delete;
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    void send(std::string_view bytes);
    void send_byte_by_byte(std::string_view bytes);
    /// "No more comes": half-closes.
    void finish_sending();
    /// Closes with a reset.
    void reset();
    /// Reads exactly so many bytes; fails the test when the server closes before.
    std::string read(std::size_t count);
    /// Reads one answer; `has_body` false for those to HEAD.
    Answer read_answer(bool has_body = true);
    /// Reads all that comes until the server closes; a reset counts as a close.
    std::string read_to_end();
    /// Waits for the next byte, or the server's close.
    bool has_bytes_within(std::chrono::milliseconds time);
    /// Whether the server has closed, waiting for it if it has not; false when bytes come instead.
    bool is_closed() { return read_to_end().empty(); }

  private:
    bool fill();

    int descriptor_;
    std::string received_;
};

/// "GET /target HTTP/1.1" with a Host, and the other headers as given (each with its CRLF).
std::string get(std::string_view target, std::string_view headers = "");
std::string post(std::string_view target, std::string_view body, std::string_view headers = "");

}  // namespace stockroom::http::test
