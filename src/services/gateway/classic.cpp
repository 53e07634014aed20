#include "classic.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <boost/beast/core/string.hpp>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/classic_records.hpp"
#include "stockroom/contract/json.hpp"
#include "stockroom/http/problem.hpp"

#include "form.hpp"
#include "problems.hpp"
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

/// Whatever became of what was sent. A key that stands for something else has sent nothing.
Response tell_sent(Response response, std::string_view queue) {
    if (response.status == 400) return response;
    if (response.status == 422 || response.status >= 500) return retell(response);
    Response sent;
    sent.body = contract::classic_message(queue);
    sent.command_id = std::move(response.command_id);
    return sent;
}

std::optional<std::string> find_parameter(const Request& request, std::string_view name) {
    const auto found =
        std::ranges::find(request.query, name, &std::pair<std::string, std::string>::first);
    if (found == request.query.end()) return std::nullopt;
    return found->second;
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

/// Whether a browser sends it for a page that is not the gateway's own. Browsers of today say so in
/// Sec-Fetch-Site (W3C Fetch Metadata), older ones name the page's origin; programs say neither.
bool is_for_other_page(const Request& request) {
    if (const auto site = request.header("sec-fetch-site"))
        return *site != "same-origin" && *site != "none";
    const auto origin = request.header("origin");
    if (!origin) return false;
    const auto scheme_end = origin->find("://");
    const auto host = request.header("host");
    return scheme_end == std::string::npos || !host ||
           !boost::beast::iequals(std::string_view(*origin).substr(scheme_end + 3), *host);
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
    add(router, "POST", "/insert_record", &Classic::insert_record);
    add(router, "GET", "/read_database", &Classic::read_database);
    add(router, "GET", "/delete_record", &Classic::delete_record);
}

void Classic::add(http::Router& router, std::string_view method, std::string_view path,
                  Handler handler) {
    router.add(method, path, [this, handler](Request request) {
        if (!may_call(request))
            return at_once(say(403,
                               "These routes answer this machine only, and the networks that the "
                               "gateway was given by --classic-from"));
        if (is_for_other_page(request))
            return at_once(say(403, "These routes do not answer the pages of other sites"));
        return (this->*handler)(std::move(request));
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
    auto message = find_parameter(request, "message");
    if (!message)
        return at_once(say(400, "message: is required, as in /health_check?message=TEXT"));
    return ask_health(contract::kClassicHealthCheck, *std::move(message));
}

Classic::Answer Classic::create_item(Request request) {
    auto body = contract::read_classic_item(request.body);
    return send(std::move(request), std::move(body), contract::kClassicCreateItem);
}

Classic::Answer Classic::stock_management(Request request) {
    auto body = contract::read_classic_deletion(request.body);
    return send(std::move(request), std::move(body), contract::kClassicStockManagement);
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

Classic::Answer Classic::insert_record(Request request) {
    const auto json = body_as_json(request);
    if (!json) return at_once(say(400, "The form is malformed"));
    auto body = contract::read_classic_insertion(*json);
    return send(std::move(request), std::move(body), contract::kClassicInsertRecord);
}

Classic::Answer Classic::read_database(Request /*request*/) {
    return ask_for_list(contract::kClassicReadDatabase);
}

Classic::Answer Classic::delete_record(Request request) {
    // Nothing that only looks (HEAD) may change anything.
    if (request.method != "GET") {
        Response response = say(405, "Deleting is for GET, and for nothing that only looks");
        response.headers.emplace_back("Allow", "GET, OPTIONS");
        co_return response;
    }
    const auto text = find_parameter(request, "SRN");
    if (!text) co_return say(400, "SRN: is required, as in /delete_record?SRN=TEXT");
    auto srn = domain::Srn::parse(*text);
    if (!srn) co_return retell(http::to_response(record_not_found()));
    auto submitting = submit(request, domain::DeleteRecord{*std::move(srn)});
    Response response = co_await std::move(submitting);
    co_return response.status == 404
        ? retell(response)
        : tell_sent(std::move(response), contract::kClassicDeleteRecord);
}

Classic::Answer Classic::submit(const Request& request, contract::ReadClassic body) {
    if (is_encoded(request)) return at_once(say(400, "The body must not be encoded"));
    if (!body) return at_once(say(400, contract::to_sentence(body.error())));
    auto wish = make_wish(*std::move(body), request);
    if (!wish) return at_once(retell(http::to_response(wish.error())));
    return submitter_.submit(*std::move(wish));
}

Classic::Answer Classic::send(Request request, contract::ReadClassic body, std::string_view queue) {
    auto submitting = submit(request, std::move(body));
    Response response = co_await std::move(submitting);
    co_return tell_sent(std::move(response), queue);
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
