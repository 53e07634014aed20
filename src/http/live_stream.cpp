#include "live_stream.hpp"

#include <exception>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "stockroom/telemetry/log.hpp"

#include "server_state.hpp"

namespace stockroom::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// What the system keeps for a client that does not read; left to itself it grows to megabytes.
constexpr int kSocketBufferBytes = 128 * 1024;

}  // namespace

Connection::LiveStream::LiveStream(Connection& connection, bool chunked)
    : connection_(connection),
      chunked_(chunked),
      timer_(connection.socket_.get_executor()),
      over_(connection.server_.stopping) {
    connection_.live_ = this;
    error_code ignored;
    connection_.socket_.set_option(asio::socket_base::send_buffer_size(kSocketBufferBytes),
                                   ignored);
}

Connection::LiveStream::~LiveStream() {
    connection_.live_ = nullptr;
}

asio::awaitable<void> Connection::LiveStream::run(StreamBody body) {
    connection_.rest();
    asio::co_spawn(timer_.get_executor(), watch(), [this](const std::exception_ptr&) {
        watching_ = false;
        timer_.cancel();
    });
    bool whole = true;
    try {
        auto writing = body(*this);
        co_await std::move(writing);
    } catch (const std::exception& error) {
        whole = false;
        telemetry::log(telemetry::LogLevel::error, "a stream failed",
                       {{"request_id", connection_.id_},
                        {"route", connection_.route_},
                        {"reason", error.what()}});
    }
    if (whole && chunked_ && !gone_) {
        auto ending = send("0\r\n\r\n");
        co_await std::move(ending);
    }
    done_ = true;
    error_code ignored;
    connection_.socket_.cancel(ignored);
    while (watching_) {
        timer_.expires_at(Clock::time_point::max());
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<bool> Connection::LiveStream::write(std::string_view bytes) {
    if (over_) co_return false;
    if (bytes.empty()) co_return true;  // an empty chunk would be the last
    auto sending =
        send(chunked_ ? fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes) : std::string(bytes));
    co_await std::move(sending);
    co_return !over_;
}

asio::awaitable<bool> Connection::LiveStream::send(std::string bytes) {
    std::string_view rest = bytes;
    error_code error;
    const auto send_some = [&] {
        const std::size_t sent = connection_.socket_.write_some(asio::buffer(rest), error);
        rest.remove_prefix(sent);
        connection_.bytes_out_ += sent;
        if (error && error != asio::error::would_block) give_up();
    };
    send_some();
    if (rest.empty() || gone_) co_return !gone_;

    Server::State& server = connection_.server_;
    if (server.take_unsent_bytes(rest.size())) {
        connection_.unsent_bytes_ += rest.size();
    } else {
        give_up();
    }
    connection_.enter(Phase::writing, server.limits.write_time);
    while (!rest.empty() && !gone_) {
        auto waiting = connection_.wait(Socket::wait_write);
        co_await std::move(waiting);
        if (connection_.expired_) give_up();
        if (!gone_) send_some();
    }
    server.give_unsent_bytes(std::exchange(connection_.unsent_bytes_, 0));
    connection_.rest();
    co_return !gone_;
}

asio::awaitable<bool> Connection::LiveStream::wait_until(base::Deadline deadline) {
    while (!over_ && !woken_ && Clock::now() < deadline) {
        timer_.expires_at(deadline);
        error_code ignored;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    woken_ = false;
    co_return !over_;
}

void Connection::LiveStream::wake() {
    woken_ = true;
    timer_.cancel();
}

void Connection::LiveStream::stop() {
    over_ = true;
    timer_.cancel();
}

asio::awaitable<void> Connection::LiveStream::watch() {
    while (!done_) {
        auto waiting = connection_.wait(Socket::wait_read);
        co_await std::move(waiting);
        if (done_) break;
        const error_code error = connection_.input_.receive(connection_.socket_);
        connection_.input_.consume(connection_.input_.bytes().size());
        connection_.input_.keep();
        if (!error || error == asio::error::would_block) continue;
        give_up();
        break;
    }
}

void Connection::LiveStream::give_up() {
    gone_ = true;
    stop();
    error_code ignored;
    connection_.socket_.cancel(ignored);
}

}  // namespace stockroom::http
