#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include "stockroom/http/server.hpp"

#include "connection.hpp"
#include "observer.hpp"
#include "response_head.hpp"

namespace stockroom::http {

/// What a server's coroutines share, and live on: the listener, the connections and their sweep.
/// Everything runs on the io_context's one thread.
struct Server::State : std::enable_shared_from_this<Server::State> {
    State(boost::asio::io_context& context, Router routes, const Limits& limits,
          telemetry::Metrics& metrics);

    std::expected<Address, std::string> start(const Address& address);
    void stop();

    /// The connection is swept from here on. REQUIRES: left() before it ends.
    void entered(Connection& connection);
    void left(Connection& connection);

    [[nodiscard]] std::string make_request_id();
    /// Whether the bodies under way may grow by so much more.
    [[nodiscard]] bool take_body_bytes(std::size_t count);
    void give_body_bytes(std::size_t count) { body_bytes_ -= count; }
    [[nodiscard]] bool take_unsent_bytes(std::size_t count);
    void give_unsent_bytes(std::size_t count) { unsent_bytes_ -= count; }

    const Router router;
    const Limits limits;
    std::optional<Observer> observer;  // empty once the Server is gone, and its Metrics may be
    DateLine date_line;
    std::vector<char> scratch;  // what Input reads into
    std::string out;            // where a response is put together
    bool stopping = false;

  private:
    using Executor = boost::asio::io_context::executor_type;
    using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
    using Timer = boost::asio::basic_waitable_timer<
        std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

    static boost::asio::awaitable<void> accept(std::shared_ptr<State> self);
    static boost::asio::awaitable<void> sweep(std::shared_ptr<State> self);
    void welcome(Socket socket);

    Executor executor_;
    Acceptor acceptor_;
    Timer accept_again_;
    Timer next_sweep_;
    bool sweeping_ = false;
    boost::intrusive::list<Connection> connections_;
    std::size_t connections_max_;
    std::size_t body_bytes_ = 0;
    std::size_t unsent_bytes_ = 0;
    std::mt19937_64 random_{std::random_device{}()};  // for request ids, which are no secrets
};

}  // namespace stockroom::http
