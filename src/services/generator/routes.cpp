#include "stockroom/generator/routes.hpp"

#include <utility>

#include "stockroom/http/problem.hpp"

namespace stockroom::generator {

namespace {

using http::Request;
using http::Response;
using Answer = boost::asio::awaitable<Response>;

Answer at_once(std::string json) {
    Response response;
    response.body = std::move(json);
    co_return response;
}

/// GET changes something here, as it always did. Nothing that only looks (HEAD) may.
bool is_real(const Request& request) {
    return request.method == "GET";
}

Answer tell_metrics(Generator& generator) {
    auto asked = co_await generator.ask_metrics();
    if (!asked)
        co_return http::to_response({.status = 503,
                                     .type = "unavailable",
                                     .title = "The service is not available",
                                     .detail = std::move(asked.error())});
    Response response;
    response.body = std::move(*asked);
    co_return response;
}

}  // namespace

http::Handler start_by_get(Generator& generator) {
    return [&generator](const Request& request) {
        const bool has_begun = is_real(request) && generator.start();
        return at_once(has_begun ? R"({"message":"Order generator started"})"
                                 : R"({"message":"Order generator is running already"})");
    };
}

http::Handler metrics_as_json(Generator& generator) {
    return [&generator](const Request&) { return tell_metrics(generator); };
}

void add_routes(http::Router& router, Generator& generator) {
    router.add("GET", "/stop_order", [&generator](const Request& request) {
        const bool has_ended = is_real(request) && generator.stop();
        return at_once(has_ended ? R"({"message":"Order generator stopped"})"
                                 : R"({"message":"Order generator is stopped already"})");
    });
    router.add("GET", "/v1/generator",
               [&generator](const Request&) { return at_once(generator.to_json()); });
    router.add("POST", "/v1/generator/start", [&generator](const Request&) {
        generator.start();
        return at_once(generator.to_json());
    });
    router.add("POST", "/v1/generator/stop", [&generator](const Request&) {
        generator.stop();
        return at_once(generator.to_json());
    });
}

}  // namespace stockroom::generator
