#include "classic.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/json.hpp"

#include "wish.hpp"

namespace stockroom::gateway {

namespace {

using http::Request;
using http::Response;

/// A list up to this size is one write, and the connection stays; a longer one is sent in parts.
constexpr std::size_t kWholeBytesMax = 1024UL * 1024;
constexpr std::size_t kPartBytes = 64UL * 1024;

Response say(int status, std::string_view text) {
    Response response;
    response.status = status;
    response.body = contract::message_json(text);
    if (status == 503) response.headers.emplace_back("Retry-After", "1");
    return response;
}

Classic::Answer at_once(Response response) {
    co_return response;
}

/// A problem's own words, for clients that know only messages.
Response retell(const Response& problem) {
    std::string text = "The service is not available";
    if (const auto json = contract::read_json(problem.body))
        if (const auto* detail = json->find("detail"))
            if (const auto* words = detail->as<std::string>()) text = *words;
    Response response = say(problem.status, text);
    response.command_id = problem.command_id;
    return response;
}

bool is_encoded(const Request& request) {
    const auto encoding = request.header("content-encoding");
    return encoding && *encoding != "identity";
}

boost::asio::awaitable<void> write_parts(std::shared_ptr<const std::string> text,
                                         http::Stream& stream) {
    for (std::string_view rest = *text; !rest.empty();) {
        const std::string_view part = rest.substr(0, kPartBytes);
        rest.remove_prefix(part.size());
        auto writing = stream.write(part);
        if (!co_await std::move(writing)) co_return;
    }
}

Response list_response(std::shared_ptr<const std::string> text) {
    Response response;
    if (text->size() <= kWholeBytesMax) {
        response.body = *text;
    } else {
        response.stream = [text = std::move(text)](http::Stream& stream) {
            return write_parts(text, stream);
        };
    }
    return response;
}

std::vector<http::Network> with_loopback(std::vector<http::Network> networks) {
    for (const auto* loopback : {"127.0.0.0/8", "::1/128"})
        networks.push_back(http::Network::parse(loopback).value());
    return networks;
}

}  // namespace

Classic::Classic(Submitter& submitter, Questions& questions, std::vector<http::Network> from)
    : submitter_(submitter), questions_(questions), from_(with_loopback(std::move(from))) {}

void Classic::add_routes(http::Router& router) {
    add(router, "GET", "/healthcheck", &Classic::healthcheck);
    add(router, "GET", "/health_check", &Classic::health_check);
    add(router, "POST", "/create_item", &Classic::create_item);
    add(router, "POST", "/stock_management", &Classic::stock_management);
    add(router, "GET", "/order_processing", &Classic::order_processing);
    add(router, "POST", "/buy_now", &Classic::buy_now);
    add(router, "GET", "/get_active", &Classic::get_active);
}

void Classic::add(http::Router& router, std::string_view method, std::string_view path,
                  Handler handler) {
    router.add(method, path, [this, handler](Request request) {
        if (may_call(request)) return (this->*handler)(std::move(request));
        return at_once(say(403,
                           "These routes answer this machine only, and the networks that the "
                           "gateway was given by --classic-from"));
    });
}

bool Classic::may_call(const Request& request) const {
    return std::ranges::any_of(
        from_, [&request](const http::Network& network) { return network.contains(request.peer); });
}

Classic::Answer Classic::healthcheck(Request /*request*/) {
    return ask_health(contract::kClassicHealthcheck, R"(["message","Healthcheck"])");
}

Classic::Answer Classic::health_check(Request request) {
    const auto message =
        std::ranges::find(request.query, "message", &std::pair<std::string, std::string>::first);
    if (message == request.query.end())
        return at_once(say(400, "message: is required, as in /health_check?message=TEXT"));
    return ask_health(contract::kClassicHealthCheck, std::move(message->second));
}

Classic::Answer Classic::create_item(Request request) {
    return send(std::move(request), contract::read_classic_item, contract::kClassicCreateItem);
}

Classic::Answer Classic::stock_management(Request request) {
    return send(std::move(request), contract::read_classic_deletion,
                contract::kClassicStockManagement);
}

Classic::Answer Classic::order_processing(Request /*request*/) {
    return ask_for_list(contract::kClassicOrderProcessing);
}

Classic::Answer Classic::buy_now(Request request) {
    auto submitting = submit(request, contract::read_classic_purchase(request.body));
    Response response = co_await std::move(submitting);
    co_return response.status >= 500 ? retell(response) : std::move(response);
}

Classic::Answer Classic::get_active(Request /*request*/) {
    Response response;
    response.body = R"({"server_name":"Producer","status":"active"})";
    return at_once(std::move(response));
}

Classic::Answer Classic::submit(const Request& request, contract::ReadClassic body) {
    if (is_encoded(request)) return at_once(say(400, "The body must not be encoded"));
    if (!body) return at_once(say(400, contract::to_sentence(body.error())));
    auto wish = make_wish(*std::move(body), request);
    if (!wish) return at_once(retell(http::to_response(wish.error())));
    return submitter_.submit(*std::move(wish));
}

Classic::Answer Classic::send(Request request, Read read, std::string_view queue) {
    auto submitting = submit(request, read(request.body));
    Response response = co_await std::move(submitting);
    // A key that stands for something else has sent nothing.
    if (response.status == 400) co_return response;
    if (response.status == 422 || response.status >= 500) co_return retell(response);
    Response sent;
    sent.body = contract::classic_message(queue);
    sent.command_id = std::move(response.command_id);
    co_return sent;
}

Classic::Answer Classic::ask_health(std::string_view queue, std::string bytes) {
    auto asking = questions_.ask(std::string(queue), std::move(bytes));
    const auto answer = co_await std::move(asking);
    if (!answer) co_return say(503, "The health service does not answer: " + answer.error());
    co_return list_response(*answer);
}

Classic::Answer Classic::ask_for_list(std::string_view queue) {
    auto asking = questions_.ask_for_all(std::string(queue));
    const auto answer = co_await std::move(asking);
    if (!answer) co_return say(503, "The list cannot be had now: " + answer.error());
    co_return list_response(*answer);
}

}  // namespace stockroom::gateway
