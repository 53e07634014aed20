#include "connection.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stockroom/telemetry/log.hpp"

#include "live_stream.hpp"
#include "server_state.hpp"

namespace stockroom::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// A body up to this size is copied behind its head and sent with it as one buffer.
constexpr std::size_t kCopiedBodyBytesMax = 16UL * 1024;
/// A connection whose next request is always there already lets others go first after so many.
constexpr int kServedWithoutWaitMax = 32;

/// Requests may choose their id when it can stand in logs and headers as it is.
bool is_usable_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 &&
           std::ranges::all_of(id, [](char c) { return c >= 0x21 && c <= 0x7E; });
}

const std::string* find_header(const Request& request, std::string_view name) {
    const auto found =
        std::ranges::find(request.headers, name, &std::pair<std::string, std::string>::first);
    return found == request.headers.end() ? nullptr : &found->second;
}

/// A socket that takes both kinds shows an IPv4 client as "::ffff:192.0.2.1".
asio::ip::address as_v4_if_mapped(const asio::ip::address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

bool is_streamed(const Response& response, std::string_view method) {
    return response.stream && method != "HEAD" && may_have_body(response.status);
}

Problem too_slow(std::string_view what) {
    return {.status = 408,
            .type = "request_timeout",
            .title = "The request took too long",
            .detail = std::string(what)};
}

Problem too_busy(std::string_view what) {
    return {.status = 503,
            .type = "server_full",
            .title = "The server is full",
            .detail = std::string(what)};
}

}  // namespace

asio::awaitable<void> Connection::serve(std::shared_ptr<Server::State> server, Socket socket,
                                        bool welcome) {
    Connection connection(*server, std::move(socket));
    if (!welcome)
        connection.refuse(too_busy("Too many connections are open. Try again in a second."));
    auto running = connection.run();
    co_await std::move(running);
}

Connection::Connection(Server::State& server, Socket socket)
    : server_(server), socket_(std::move(socket)), input_(server.scratch) {
    error_code error;
    socket_.non_blocking(true, error);
    socket_.set_option(asio::ip::tcp::no_delay(true), error);
    const auto remote = socket_.remote_endpoint(error);
    if (!error) {
        remote_ = Address{remote.address().to_string(), remote.port()}.to_string();
        peer_ = as_v4_if_mapped(remote.address()).to_string();
    }
    server_.entered(*this);
}

Connection::~Connection() {
    server_.give_body_bytes(body_bytes_);
    server_.give_unsent_bytes(unsent_bytes_);
    server_.left(*this);
}

void Connection::enforce_deadline(Clock::time_point now) {
    if (now < deadline_) return;
    expired_ = true;
    error_code error;
    socket_.cancel(error);
}

void Connection::stop(Clock::time_point now) {
    if (live_ != nullptr) live_->stop();
    if (phase_ == Phase::idle) {
        deadline_ = now;
        enforce_deadline(now);
    } else if (phase_ != Phase::handling && phase_ != Phase::streaming) {
        deadline_ = std::min(deadline_, now + server_.limits.stop_time);
    }
}

void Connection::enter(Phase phase, std::chrono::seconds time, Clock::time_point now) {
    phase_ = phase;
    expired_ = false;
    deadline_ = now + (server_.stopping ? std::min(time, server_.limits.stop_time) : time);
}

void Connection::rest() {
    phase_ = Phase::streaming;
    deadline_ = Clock::time_point::max();
}

asio::awaitable<void> Connection::wait(Socket::wait_type type) {
    served_without_wait_ = 0;
    error_code ignored;  // the read or write that follows will say
    co_await socket_.async_wait(type, asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> Connection::run() {
    auto now = Clock::now();
    do {
        Progress progress = problem_ ? Progress::refused : Progress::more;
        if (progress == Progress::more) {
            begin_request(now);
            progress = take_header();
        }
        while (progress == Progress::more) {
            input_.keep();
            // Not through wait(): every request passes here, and each coroutine costs.
            served_without_wait_ = 0;
            error_code ignored;
            co_await socket_.async_wait(Socket::wait_read,
                                        asio::redirect_error(asio::use_awaitable, ignored));
            progress = receive();
            if (progress == Progress::more) progress = take_header();
        }
        if (progress == Progress::done && !parser_->is_whole()) {
            auto reading = read_body();
            progress = co_await std::move(reading);
        }
        if (progress == Progress::gone) co_return;

        identify_request();
        input_.keep();
        phase_ = Phase::handling;
        deadline_ = Clock::time_point::max();
        Response response;
        if (progress == Progress::refused) {
            response = to_response(*problem_);
        } else {
            auto answering = answer(std::move(parser_->request));
            response = co_await std::move(answering);
        }
        const bool streams = is_streamed(response, method_);
        close_ =
            progress == Progress::refused || server_.stopping || !parser_->keep_alive() || streams;
        progress = write(response);
        if (progress == Progress::more) {
            auto writing = finish_write();
            progress = co_await std::move(writing);
        }
        if (streams && progress == Progress::done) {
            auto streaming = run_stream(std::move(response.stream));
            co_await std::move(streaming);
        }
        now = Clock::now();
        observe(response, now);
        if (progress == Progress::gone) co_return;
        if (++served_without_wait_ == kServedWithoutWaitMax) {
            served_without_wait_ = 0;
            const auto executor = co_await asio::this_coro::executor;
            co_await asio::post(executor, asio::use_awaitable);
        }
    } while (!close_);
    if (problem_) {
        auto lingering = linger();
        co_await std::move(lingering);
    }
}

void Connection::begin_request(Clock::time_point now) {
    enter(Phase::idle, server_.limits.idle_time, now);
    scan_ = {};
    parser_.reset();
    skipped_empty_line_ = false;
    bytes_in_ = 0;
    bytes_out_ = 0;
    server_.give_body_bytes(std::exchange(body_bytes_, 0));
    server_.give_unsent_bytes(std::exchange(unsent_bytes_, 0));
    route_ = {};
}

Connection::Progress Connection::take_header() {
    if (input_.bytes().empty()) return Progress::more;
    if (phase_ == Phase::idle) {
        started_ = Clock::now();
        enter(Phase::header, server_.limits.header_time, started_);
    }
    if (!skipped_empty_line_ && input_.bytes().starts_with('\r')) {
        if (input_.bytes() == "\r") return Progress::more;
        // RFC 9112 section 2.2: old clients send a stray CR LF behind a body.
        if (input_.bytes()[1] == '\n') input_.consume(2);
        skipped_empty_line_ = true;
    }
    const std::string_view bytes = input_.bytes();
    const auto length = scan_.advance(bytes, server_.limits);
    if (!length) return refuse(length.error());
    if (*length == 0) return Progress::more;

    parser_.emplace(server_.limits);
    const auto parsed = parser_->put_header(bytes.substr(0, *length));
    if (!parsed) return refuse(parsed.error());
    input_.consume(*length);
    bytes_in_ = *length;
    return Progress::done;
}

Connection::Progress Connection::take_body() {
    if (input_.bytes().empty()) return Progress::more;
    const std::size_t before = parser_->request.body.size();
    const auto taken = parser_->put_body(input_.bytes());
    if (!taken) return refuse(taken.error());
    input_.consume(*taken);
    bytes_in_ += *taken;
    const std::size_t grown = parser_->request.body.size() - before;
    if (!server_.take_body_bytes(grown))
        return refuse(too_busy("Too many bodies are being read. Try again in a second."));
    body_bytes_ += grown;
    return parser_->is_whole() ? Progress::done : Progress::more;
}

asio::awaitable<Connection::Progress> Connection::read_body() {
    enter(Phase::body, server_.limits.body_time);
    if (parser_->wants_continue() && input_.bytes().empty()) {
        constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        error_code error;
        if (socket_.write_some(asio::buffer(kContinue), error) != kContinue.size())
            co_return Progress::gone;
    }
    Progress progress = take_body();
    while (progress == Progress::more) {
        input_.keep();
        co_await wait(Socket::wait_read);
        progress = receive();
        if (progress == Progress::more) progress = take_body();
    }
    co_return progress;
}

Connection::Progress Connection::receive() {
    if (expired_) {
        if (phase_ == Phase::header) return refuse(too_slow("The header did not arrive in time."));
        if (phase_ == Phase::body) return refuse(too_slow("The body did not arrive in time."));
        return Progress::gone;
    }
    const error_code error = input_.receive(socket_);
    if (error && error != asio::error::would_block) return Progress::gone;
    return Progress::more;
}

Connection::Progress Connection::refuse(Problem problem) {
    problem_ = std::move(problem);
    return Progress::refused;
}

void Connection::identify_request() {
    if (!parser_) {
        started_ = phase_ == Phase::idle ? Clock::now() : started_;
        id_ = server_.make_request_id();
        path_.clear();
        method_.clear();
        return;
    }
    Request& request = parser_->request;
    const std::string* given = find_header(request, "x-request-id");
    id_ = given != nullptr && is_usable_id(*given) ? *given : server_.make_request_id();
    request.id = id_;
    request.peer = peer_;
    path_ = request.path;
    method_ = request.method;
}

asio::awaitable<Response> Connection::answer(Request request) {
    auto found = server_.router.match(request);
    if (auto* response = std::get_if<Response>(&found)) co_return std::move(*response);
    const auto& match = std::get<Router::Match>(found);
    route_ = match.pattern;
    std::string reason;
    try {
        auto handling = (*match.handler)(std::move(request));
        Response response = co_await std::move(handling);
        if (is_writable(response)) co_return response;
        reason = "a header of the response cannot be written";
    } catch (const std::exception& error) {
        reason = error.what();
    }
    telemetry::log(telemetry::LogLevel::error, "handler failed",
                   {{"request_id", id_}, {"route", route_}, {"reason", reason}});
    co_return to_response({.status = 500,
                           .type = "internal_error",
                           .title = "Something broke in the server",
                           .detail = "It is in the server's log under request " + id_ + "."});
}

Connection::Progress Connection::write(const Response& response) {
    std::string& out = server_.out;
    out.clear();
    const bool is_1_0 = parser_ && parser_->http_1_0();
    const auto persistence = close_   ? Persistence::close
                             : is_1_0 ? Persistence::keep_1_0
                                      : Persistence::keep;
    const auto framing = !response.stream ? Framing::length
                         : is_1_0         ? Framing::close
                                          : Framing::chunked;
    append_head(out, response, server_.date_line.now(), id_, persistence, framing);

    std::string_view body = response.body;
    if (method_ == "HEAD" || !may_have_body(response.status)) body = {};
    if (body.size() <= kCopiedBodyBytesMax) {
        out.append(body);
        body = {};
    }
    error_code error;
    const std::array<asio::const_buffer, 2> both{asio::buffer(out), asio::buffer(body)};
    const std::size_t sent = body.empty() ? socket_.write_some(asio::buffer(out), error)
                                          : socket_.write_some(both, error);
    if (error && error != asio::error::would_block) return Progress::gone;
    bytes_out_ = sent;
    if (sent == out.size() + body.size()) return Progress::done;
    if (sent < out.size()) {
        unsent_.assign(out, sent);
        unsent_.append(body);
    } else {
        unsent_.assign(body.substr(sent - out.size()));
    }
    return Progress::more;
}

asio::awaitable<Connection::Progress> Connection::finish_write() {
    enter(Phase::writing, server_.limits.write_time);
    const std::string text = std::exchange(unsent_, {});
    if (!server_.take_unsent_bytes(text.size())) co_return Progress::gone;
    unsent_bytes_ = text.size();
    std::string_view rest = text;
    while (!rest.empty()) {
        co_await wait(Socket::wait_write);
        if (expired_) co_return Progress::gone;
        error_code error;
        const std::size_t sent = socket_.write_some(asio::buffer(rest), error);
        if (error && error != asio::error::would_block) co_return Progress::gone;
        rest.remove_prefix(sent);
        bytes_out_ += sent;
    }
    co_return Progress::done;
}

asio::awaitable<void> Connection::run_stream(StreamBody body) {
    server_.give_unsent_bytes(std::exchange(unsent_bytes_, 0));
    LiveStream stream(*this, !parser_->http_1_0());
    auto running = stream.run(std::move(body));
    co_await std::move(running);
}

asio::awaitable<void> Connection::linger() {
    enter(Phase::lingering, server_.limits.linger_time);
    error_code error;
    socket_.shutdown(Socket::shutdown_send, error);
    do {
        input_.consume(input_.bytes().size());
        input_.keep();
        co_await wait(Socket::wait_read);
    } while (receive() == Progress::more);
}

void Connection::observe(const Response& response, Clock::time_point now) {
    if (!server_.observer) return;
    server_.observer->observe(
        {.verb = parser_ ? parser_->method() : boost::beast::http::verb::unknown,
         .request_id = id_,
         .command_id = response.command_id,
         .method = method_,
         .route = route_,
         .path = path_,
         .status = response.status,
         .duration = now - started_,
         .bytes_in = bytes_in_,
         .bytes_out = bytes_out_,
         .remote = remote_});
}

}  // namespace stockroom::http
