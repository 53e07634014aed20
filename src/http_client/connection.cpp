#include "stockroom/http_client/connection.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include "stockroom/base/check.hpp"

namespace stockroom::http_client {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// A page of 500 orders of 1,000 lines each is the longest there is.
constexpr std::uint64_t kAnswerBytesMax = 256ULL * 1024 * 1024;

constexpr std::chrono::milliseconds kFirstPause{20};
constexpr std::chrono::milliseconds kLongestPause{500};

const std::string* string_of(const contract::JsonValue& object, std::string_view member) {
    const contract::JsonValue* found = object.find(member);
    return found == nullptr ? nullptr : found->as<std::string>();
}

std::string told(const error_code& error) {
    return error == beast::error::timeout ? "no answer in time" : error.message();
}

}  // namespace

std::string_view Answer::problem() const {
    constexpr std::string_view kPrefix = "/problems/";
    const std::string* type = string_of(json, "type");
    if (type == nullptr || !type->starts_with(kPrefix)) return {};
    return std::string_view(*type).substr(kPrefix.size());
}

std::string Answer::explain() const {
    std::string text = fmt::format("{}", status);
    if (const std::string_view type = problem(); !type.empty()) text += fmt::format(" {}", type);
    if (const std::string* field = string_of(json, "field")) text += fmt::format(" ({})", *field);
    if (const std::string* detail = string_of(json, "detail")) text += ": " + *detail;
    return text;
}

Connection::Connection(asio::io_context& context, const ServerUrl& url)
    : context_(context), url_(url), stream_(context) {}

Connection::Connection(asio::io_context& context, const ServerUrl& url, Lookup& lookup)
    : context_(context), url_(url), lookup_(&lookup), stream_(context) {}

NoAnswer Connection::trouble(NoAnswer::Reason reason, const std::string& why) const {
    const std::string_view what =
        reason == NoAnswer::Reason::not_reached ? "cannot reach" : "got no answer from";
    return {reason, fmt::format("{} {}: {}", what, url_.to_string(), why)};
}

void Connection::close() {
    stream_.close();
    buffer_.clear();
    is_connected_ = false;
}

Answered<Endpoints> Connection::resolve(base::Deadline deadline) {
    auto found = lookup_ == nullptr ? ask_resolver(deadline) : lookup_->find(deadline);
    auto endpoints = co_await std::move(found);
    if (endpoints) co_return *std::move(endpoints);
    const auto why = endpoints.error() == asio::error::operation_aborted
                         ? std::string("its name was not resolved in time")
                         : endpoints.error().message();
    co_return std::unexpected(trouble(NoAnswer::Reason::not_reached, why));
}

asio::awaitable<Lookup::Found> Connection::ask_resolver(base::Deadline deadline) {
    error_code no_address;
    const auto address = asio::ip::make_address(url_.host, no_address);
    if (!no_address) co_return Endpoints{tcp::endpoint(address, url_.port)};

    // Shared with the timer's handler, which may still be queued when this is done.
    const auto resolver = std::make_shared<tcp::resolver>(context_);
    asio::steady_timer timer(context_, deadline);
    timer.async_wait([resolver](const error_code& cancelled) {
        if (!cancelled) resolver->cancel();
    });
    auto [error, results] =
        co_await resolver->async_resolve(url_.host, std::to_string(url_.port), kAwait);
    timer.cancel();
    if (error) co_return std::unexpected(error);
    Endpoints endpoints;
    for (const auto& result : results)
        endpoints.push_back(result.endpoint());
    co_return endpoints;
}

Answered<void> Connection::connect(base::Deadline deadline) {
    if (is_connected_) co_return std::expected<void, NoAnswer>();
    auto endpoints = co_await resolve(deadline);
    if (!endpoints) co_return std::unexpected(std::move(endpoints.error()));

    stream_.expires_at(deadline);
    auto [error, endpoint] = co_await stream_.async_connect(*endpoints, kAwait);
    if (error) {
        close();
        co_return std::unexpected(trouble(NoAnswer::Reason::not_reached, told(error)));
    }
    error_code ignored;  // only slower without
    (void)stream_.socket().set_option(tcp::no_delay(true), ignored);
    is_connected_ = true;
    co_return std::expected<void, NoAnswer>();
}

std::string Connection::encode(const Request& request) const {
    std::string text = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n", request.method,
                                   url_.base_path, request.target, url_.host_header);
    if (!request.idempotency_key.empty())
        text += fmt::format("Idempotency-Key: {}\r\n", request.idempotency_key);
    if (!request.authorization.empty())
        text += fmt::format("Authorization: {}\r\n", request.authorization);
    if (request.body.empty()) return text + "\r\n";
    text += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                        request.body.size());
    return text + request.body;
}

Answered<Answer> Connection::ask(Request request, base::Deadline deadline) {
    auto connected = co_await connect(deadline);
    if (!connected) co_return std::unexpected(std::move(connected.error()));

    const std::string text = encode(request);
    stream_.expires_at(deadline);
    const auto [error, written] = co_await asio::async_write(stream_, asio::buffer(text), kAwait);
    if (error) {
        close();
        co_return std::unexpected(trouble(NoAnswer::Reason::cut_off, told(error)));
    }
    co_return co_await receive_answer();
}

Answered<Answer> Connection::receive_answer() {
    namespace http = beast::http;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kAnswerBytesMax);
    const auto [error, read] = co_await http::async_read(stream_, buffer_, parser, kAwait);
    if (error) {
        close();
        co_return std::unexpected(trouble(NoAnswer::Reason::cut_off, told(error)));
    }
    Answer answer{.status = static_cast<int>(parser.get().result_int()), .json = {}};
    if (auto json = contract::read_json(parser.get().body())) answer.json = std::move(*json);
    if (!parser.keep_alive()) close();
    co_return answer;
}

namespace {

/// Waits until the command is decided, or nothing can be heard of it any more.
asio::awaitable<void> wait_for_command(Connection& connection, std::string id,
                                       base::Deadline deadline) {
    asio::steady_timer timer(connection.context());
    for (auto pause = kFirstPause; base::Deadline::clock::now() < deadline;
         pause = std::min(pause * 2, kLongestPause)) {
        timer.expires_after(pause);
        (void)co_await timer.async_wait(kAwait);
        Request request{"GET", "/v1/commands/" + id, {}, {}};
        const auto answer = co_await connection.ask(std::move(request), deadline);
        if (!answer) co_return;
        const std::string* state = string_of(answer->json, "state");
        if (state == nullptr || *state != "pending") co_return;
    }
}

}  // namespace

bool is_passing(int status) {
    return status == 202 || status == 429 || status == 503;
}

Answered<Answer> ask_until_answered(Connection& connection, Request request,
                                    base::Deadline deadline) {
    CHECK(request.method == "GET" || !request.idempotency_key.empty(),
          "only what has an idempotency key may be sent again");
    asio::steady_timer timer(connection.context());
    for (auto pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
        auto answer = co_await connection.ask(request, deadline);
        if (answer && !is_passing(answer->status)) co_return answer;
        if (base::Deadline::clock::now() + pause >= deadline) co_return answer;

        const std::string* command =
            answer && answer->status == 202 ? string_of(answer->json, "id") : nullptr;
        if (command != nullptr) {
            std::string id = *command;
            co_await wait_for_command(connection, std::move(id), deadline);
        } else {
            timer.expires_after(pause);
            (void)co_await timer.async_wait(kAwait);
        }
    }
}

}  // namespace stockroom::http_client
