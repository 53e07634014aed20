#include "routes.hpp"

#include <utility>

#include "stockroom/contract/json.hpp"
#include "stockroom/http/problem.hpp"
#include "stockroom/runtime/command_line.hpp"

#include "openapi.hpp"
#include "problems.hpp"

namespace stockroom::gateway {

namespace {

using domain::CommandKind;
using http::Request;
using http::Response;
using Answer = boost::asio::awaitable<Response>;

Answer at_once(Response response) {
    co_return response;
}

Response json_response(std::string body) {
    Response response;
    response.body = std::move(body);
    return response;
}

std::string index_json() {
    std::string body;
    contract::JsonWriter json(body);
    json.begin_object();
    json.field("name", "stockroom");
    json.field("version", runtime::version());
    json.name("links");
    json.begin_object();
    json.field("openapi", "/openapi.json");
    json.field("items", "/v1/items");
    json.field("locations", "/v1/locations");
    json.field("orders", "/v1/orders");
    json.field("records", "/v1/records");
    json.field("events", "/v1/events");
    json.field("statistics", "/v1/statistics/orders");
    json.field("dead_letters", "/v1/dead-letters");
    json.field("health", "/v1/health");
    json.field("generator", "/v1/generator");
    json.field("metrics", "/metrics");
    json.field("livez", "/livez");
    json.field("readyz", "/readyz");
    json.end_object();
    json.end_object();
    return body;
}

Answer check_ready(std::string trouble, Reads& reads) {
    if (!trouble.empty()) return at_once(http::to_response(not_ready(std::move(trouble))));
    return reads.check_store();
}

void add_writes(http::Router& router, Submitter& submitter) {
    const auto write = [&](std::string_view method, std::string_view pattern, CommandKind kind) {
        router.add(method, pattern, [&submitter, kind](const Request& request) {
            return submitter.submit(kind, request);
        });
    };
    write("POST", "/v1/items", CommandKind::create_item);
    write("PUT", "/v1/items/{sku}", CommandKind::put_item);
    write("PATCH", "/v1/items/{sku}", CommandKind::change_item);
    write("DELETE", "/v1/items/{sku}", CommandKind::retire_item);
    write("POST", "/v1/locations", CommandKind::create_location);
    write("POST", "/v1/stock/receipts", CommandKind::receive_stock);
    write("POST", "/v1/stock/adjustments", CommandKind::adjust_stock);
    write("POST", "/v1/orders", CommandKind::place_order);
    write("POST", "/v1/orders/{id}/confirm", CommandKind::confirm_order);
    write("POST", "/v1/orders/{id}/fulfil", CommandKind::fulfil_order);
    write("POST", "/v1/orders/{id}/cancel", CommandKind::cancel_order);
    write("POST", "/v1/orders/{id}/close", CommandKind::close_order);
    write("POST", "/v1/orders/{id}/returns", CommandKind::return_goods);
    write("POST", "/v1/records", CommandKind::insert_record);
    write("DELETE", "/v1/records/{srn}", CommandKind::delete_record);
    write("POST", "/v1/dead-letters/{id}/replay", CommandKind::replay_dead_letter);
    write("POST", "/v1/dead-letters/{id}/discard", CommandKind::discard_dead_letter);
}

void add_reads(http::Router& router, Reads& reads, const Submitter& submitter) {
    const auto read = [&](std::string_view pattern, Answer (Reads::*handler)(const Request&)) {
        router.add("GET", pattern,
                   [&reads, handler](const Request& request) { return (reads.*handler)(request); });
    };
    read("/v1/items", &Reads::list_items);
    read("/v1/items/{sku}", &Reads::get_item);
    read("/v1/items/{sku}/stock", &Reads::get_stock);
    read("/v1/items/{sku}/movements", &Reads::list_movements);
    read("/v1/locations", &Reads::list_locations);
    read("/v1/orders", &Reads::list_orders);
    read("/v1/orders/{id}", &Reads::get_order);
    read("/v1/statistics/orders", &Reads::get_order_statistics);
    read("/v1/records", &Reads::list_records);
    read("/v1/records/{srn}", &Reads::get_record);
    read("/v1/dead-letters", &Reads::list_dead_letters);
    read("/v1/dead-letters/{id}", &Reads::get_dead_letter);
    read("/v1/health/incidents", &Reads::list_incidents);
    router.add("GET", "/v1/commands/{id}", [&reads, &submitter](const Request& request) {
        const auto id = base::Uuid::parse(request.path_parameters.at("id"));
        const bool in_flight = id && submitter.is_in_flight(*id);
        return reads.get_command(request, in_flight);
    });
}

void add_events(http::Router& router, EventStream& events) {
    router.add("GET", "/v1/events",
               [&events](const Request& request) { return events.listen(request); });
}

void add_health(http::Router& router, HealthAnswers& health) {
    router.add("GET", "/v1/health", [&health](const Request&) { return health.get_health(); });
}

void add_generator(http::Router& router, GeneratorAnswers& generator) {
    router.add("GET", "/v1/generator", [&generator](const Request&) { return generator.get(); });
    router.add("POST", "/v1/generator/start",
               [&generator](const Request& request) { return generator.start(request); });
    router.add("POST", "/v1/generator/stop",
               [&generator](const Request& request) { return generator.stop(request); });
}

Answer get_metrics(const Request& request, const Collaborators& with) {
    if (http::wants_json(request)) return with.reads.get_order_metrics();
    with.before_metrics();
    Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = with.metrics.to_text();
    return at_once(std::move(response));
}

void add_operations(http::Router& router, const Collaborators& with) {
    router.add("GET", "/livez",
               [](const Request&) { return at_once(json_response(R"({"status":"ok"})")); });
    router.add("GET", "/readyz", [&reads = with.reads, trouble = with.trouble](const Request&) {
        return check_ready(trouble(), reads);
    });
    router.add("GET", "/metrics",
               [with](const Request& request) { return get_metrics(request, with); });
    router.add("GET", "/openapi.json",
               [](const Request&) { return at_once(json_response(std::string(openapi_json()))); });
    router.add("GET", "/",
               [index = index_json()](const Request&) { return at_once(json_response(index)); });
}

}  // namespace

http::Router make_routes(Collaborators collaborators) {
    http::Router router;
    add_writes(router, collaborators.submitter);
    add_reads(router, collaborators.reads, collaborators.submitter);
    add_events(router, collaborators.events);
    add_health(router, collaborators.health);
    add_generator(router, collaborators.generator);
    add_operations(router, collaborators);
    if (collaborators.classic != nullptr) collaborators.classic->add_routes(router);
    return router;
}

}  // namespace stockroom::gateway
