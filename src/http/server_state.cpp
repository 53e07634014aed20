#include "server_state.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/resource.h>

#include "stockroom/base/uuid.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;
using tcp = asio::ip::tcp;

constexpr std::size_t kScratchBytes = 64UL * 1024;
constexpr milliseconds kSweepEvery{250};
constexpr milliseconds kAcceptAgainAfter{50};
/// Connections past the limit that are told so at the same time; any more are closed untold.
constexpr std::size_t kRefusedConnectionsMax = 64;
/// Descriptors that are left to the rest of the process.
constexpr std::size_t kDescriptorsKept = 128;

/// Gives how many connections the process has descriptors for.
std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return SIZE_MAX;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t kept = kDescriptorsKept + kRefusedConnectionsMax;
    return limit.rlim_cur > 2 * kept ? limit.rlim_cur - kept : limit.rlim_cur / 2;
}

void log_end(const std::exception_ptr& failure) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        telemetry::log(telemetry::LogLevel::error, "connection failed",
                       {{"reason", std::string_view(error.what())}});
    }
}

}  // namespace

Server::State::State(asio::io_context& context, Router routes, const Limits& given,
                     telemetry::Metrics& metrics)
    : router(std::move(routes)),
      limits(given),
      observer(metrics),
      scratch(kScratchBytes),
      executor_(context.get_executor()),
      acceptor_(executor_),
      accept_again_(executor_),
      next_sweep_(executor_),
      connections_max_(given.connections) {}

std::expected<Address, std::string> Server::State::start(const Address& address) {
    connections_max_ = std::min(limits.connections, raise_descriptor_limit());
    error_code error;
    const tcp::endpoint endpoint(asio::ip::make_address(address.host, error), address.port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    tcp::endpoint bound;
    if (!error) bound = acceptor_.local_endpoint(error);
    if (error) {
        error_code ignored;
        acceptor_.close(ignored);
        return std::unexpected(address.to_string() + ": " + error.message());
    }
    asio::co_spawn(executor_, accept(shared_from_this()), log_end);
    return Address{bound.address().to_string(), bound.port()};
}

asio::awaitable<void> Server::State::accept(std::shared_ptr<State> self) {
    bool failing = false;
    while (!self->stopping) {
        error_code error;
        Socket socket =
            co_await self->acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (self->stopping) co_return;
        if (!error) {
            failing = false;
            self->welcome(std::move(socket));
        } else if (error != asio::error::connection_aborted) {
            // Out of descriptors or memory: those that are open go on, and give some back.
            if (!std::exchange(failing, true)) {
                const std::string reason = error.message();
                telemetry::log(telemetry::LogLevel::warning, "cannot accept connections",
                               {{"reason", reason}});
            }
            self->accept_again_.expires_after(kAcceptAgainAfter);
            co_await self->accept_again_.async_wait(
                asio::redirect_error(asio::use_awaitable, error));
        }
    }
}

void Server::State::welcome(Socket socket) {
    const std::size_t open = connections_.size();
    if (open >= connections_max_ + kRefusedConnectionsMax) return;
    asio::co_spawn(
        executor_,
        Connection::serve(shared_from_this(), std::move(socket), open < connections_max_), log_end);
}

void Server::State::entered(Connection& connection) {
    connections_.push_back(connection);
    if (observer) observer->connection_opened();
    if (std::exchange(sweeping_, true)) return;
    asio::co_spawn(executor_, sweep(shared_from_this()), log_end);
}

void Server::State::left(Connection& connection) {
    connections_.erase(connections_.iterator_to(connection));
    if (observer) observer->connection_closed();
    if (stopping && connections_.empty()) next_sweep_.cancel();
}

asio::awaitable<void> Server::State::sweep(std::shared_ptr<State> self) {
    while (!self->connections_.empty()) {
        self->next_sweep_.expires_after(kSweepEvery);
        error_code ignored;
        co_await self->next_sweep_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto now = Connection::Clock::now();
        for (Connection& connection : self->connections_)
            connection.enforce_deadline(now);
    }
    self->sweeping_ = false;
}

void Server::State::stop() {
    if (std::exchange(stopping, true)) return;
    error_code ignored;
    acceptor_.close(ignored);
    accept_again_.cancel();
    const auto now = Connection::Clock::now();
    for (Connection& connection : connections_)
        connection.stop(now);
}

std::string Server::State::make_request_id() {
    const auto halves = std::array{random_(), random_()};
    auto bytes = std::bit_cast<base::Uuid::Bytes>(halves);
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x40U);  // RFC 9562: version 4
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
    return base::Uuid(bytes).to_string();
}

bool Server::State::take_body_bytes(std::size_t count) {
    if (count > limits.bodies_bytes - body_bytes_) return false;
    body_bytes_ += count;
    return true;
}

bool Server::State::take_unsent_bytes(std::size_t count) {
    if (count > limits.unsent_bytes - unsent_bytes_) return false;
    unsent_bytes_ += count;
    return true;
}

}  // namespace stockroom::http
