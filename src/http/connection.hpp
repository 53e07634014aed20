#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list_hook.hpp>

#include "stockroom/http/problem.hpp"
#include "stockroom/http/server.hpp"

#include "framing.hpp"
#include "input.hpp"
#include "request_parser.hpp"

namespace stockroom::http {

/// One client's connection: reads a request, has it answered, writes, and again. It has no timer:
/// the server's sweep calls enforce_deadline().
class Connection : public boost::intrusive::list_base_hook<> {
  public:
    using Clock = std::chrono::steady_clock;

    /// Runs a connection to its end. With `welcome` false it is only told that the server is full.
    static boost::asio::awaitable<void> serve(std::shared_ptr<Server::State> server, Socket socket,
                                              bool welcome);

    Connection(Server::State& server, Socket socket);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void enforce_deadline(Clock::time_point now);
    /// Closes an idle connection; gives a busy one limits.stop_time for what it waits for.
    void stop(Clock::time_point now);

  private:
    class LiveStream;

    enum class Phase { idle, header, body, handling, streaming, writing, lingering };
    enum class Progress {
        more,     // the next bytes are wanted
        done,     // the request, or the answer, is whole
        refused,  // problem_ is the answer, and the last
        gone,     // the client is
    };

    boost::asio::awaitable<void> run();
    boost::asio::awaitable<Progress> read_body();
    boost::asio::awaitable<Response> answer(Request request);
    boost::asio::awaitable<Progress> finish_write();
    boost::asio::awaitable<void> linger();
    boost::asio::awaitable<void> wait(Socket::wait_type type);

    void begin_request(Clock::time_point now);
    Progress take_header();
    Progress take_body();
    Progress receive();
    Progress refuse(Problem problem);
    Progress write(const Response& response);
    boost::asio::awaitable<void> run_stream(StreamBody body);
    /// Nothing is waited for that the client could keep.
    void rest();
    void identify_request();
    void observe(const Response& response, Clock::time_point now);
    void enter(Phase phase, std::chrono::seconds time, Clock::time_point now = Clock::now());

    Server::State& server_;
    Socket socket_;
    std::string remote_;
    std::string peer_;
    Input input_;
    Phase phase_ = Phase::idle;
    Clock::time_point deadline_;
    bool expired_ = false;
    int served_without_wait_ = 0;
    LiveStream* live_ = nullptr;

    // Of the request under way.
    HeaderScan scan_;
    std::optional<RequestParser> parser_;
    std::optional<Problem> problem_;
    Clock::time_point started_;
    bool skipped_empty_line_ = false;
    bool close_ = false;
    std::size_t bytes_in_ = 0;
    std::size_t bytes_out_ = 0;
    std::size_t body_bytes_ = 0;    // taken from the server's allowance
    std::size_t unsent_bytes_ = 0;  // likewise
    std::string id_;
    std::string path_;
    std::string method_;
    std::string_view route_;
    std::string unsent_;
};

}  // namespace stockroom::http
