#include "answer.hpp"

#include <string>
#include <string_view>
#include <variant>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/contract/status.hpp"
#include "stockroom/http/problem.hpp"

#include "request_headers.hpp"

namespace stockroom::gateway {

namespace {

using contract::JsonWriter;
using domain::CommandKind;

template <typename... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

/// RFC 3986 section 2.3: everything but the unreserved characters as %XX.
std::string percent_encode(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                                c == '~';
        if (unreserved) {
            encoded += c;
        } else {
            encoded += '%';
            encoded += kHex[byte >> 4U];
            encoded += kHex[byte & 15U];
        }
    }
    return encoded;
}

void write_result(JsonWriter& json, const domain::Result& result) {
    std::visit(Overloaded{[&](std::monostate) {
                              json.begin_object();
                              json.end_object();
                          },
                          [&](const auto& state) { contract::write(json, state); }},
               result);
}

/// Where the thing can be read; empty for what has no page of its own.
std::string location_of(const domain::Result& result) {
    return std::visit(Overloaded{[](const domain::ItemView& item) {
                                     return "/v1/items/" + percent_encode(item.item.sku.text());
                                 },
                                 [](const domain::OrderView& order) {
                                     return "/v1/orders/" + order.order.id.to_string();
                                 },
                                 [](const domain::Record& record) {
                                     return "/v1/records/" + percent_encode(record.srn.text());
                                 },
                                 [](const auto&) { return std::string(); }},
                      result);
}

std::string entity_tag_of(CommandKind kind, const domain::Result& result) {
    if (kind == CommandKind::retire_item) return {};
    return std::visit(
        Overloaded{[](const domain::ItemView& item) { return entity_tag(item.item.version); },
                   [](const domain::OrderView& order) { return entity_tag(order.order.version); },
                   [](const auto&) { return std::string(); }},
        result);
}

http::Response done(CommandKind kind, int status, const domain::Result& result) {
    http::Response response;
    response.status = status;
    response.body.reserve(512);
    JsonWriter json(response.body);
    write_result(json, result);
    if (std::string tag = entity_tag_of(kind, result); !tag.empty())
        response.headers.emplace_back("ETag", std::move(tag));
    if (status == 201) {
        if (std::string location = location_of(result); !location.empty())
            response.headers.emplace_back("Location", std::move(location));
    }
    return response;
}

/// What a client may want to know besides why: of what an order is short, or what is there now.
std::string extension_of(const base::Uuid& command, const domain::Outcome& outcome) {
    std::string members;
    if (outcome.code == domain::OutcomeCode(domain::PlaceOrderOutcome::rejected)) {
        members += R"("order_id":")" + command.to_string() + R"(","shortages":)";
        JsonWriter json(members);
        json.begin_array();
        for (const domain::Shortage& shortage : outcome.shortages) {
            json.begin_object();
            json.field("sku", shortage.sku.text());
            json.field("wanted", shortage.wanted);
            json.field("available", shortage.available);
            json.end_object();
        }
        json.end_array();
    } else if (!std::holds_alternative<std::monostate>(outcome.result)) {
        members += R"("current":)";
        JsonWriter json(members);
        write_result(json, outcome.result);
    }
    return members;
}

}  // namespace

http::Response answer_to(CommandKind kind, const base::Uuid& command,
                         const domain::Outcome& outcome) {
    contract::HttpAnswer told = contract::http_answer(kind, outcome);
    http::Response response =
        told.title.empty()
            ? done(kind, told.status, outcome.result)
            : http::to_response({.status = told.status,
                                 .type = std::string(contract::to_string(outcome.code)),
                                 .title = std::string(told.title),
                                 .detail = std::move(told.detail),
                                 .field = outcome.field,
                                 .extension = extension_of(command, outcome)});
    response.command_id = command.to_string();
    return response;
}

http::Response accepted(const base::Uuid& command) {
    http::Response response;
    response.status = 202;
    response.command_id = command.to_string();
    JsonWriter json(response.body);
    json.begin_object();
    json.field("id", response.command_id);
    json.field("state", "pending");
    json.end_object();
    response.headers.emplace_back("Location", "/v1/commands/" + response.command_id);
    return response;
}

}  // namespace stockroom::gateway
