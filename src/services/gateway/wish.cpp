#include "wish.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/json.hpp"

#include "problems.hpp"

namespace stockroom::gateway {

namespace {

using contract::JsonValue;
using domain::CommandKind;

template <typename T>
using Read = std::expected<T, http::Problem>;

JsonValue text_value(std::string text) {
    return JsonValue(JsonValue::Variant(std::move(text)));
}

/// What can do without a body: everything else that it needs stands in the path.
bool may_lack_body(CommandKind kind) {
    switch (kind) {
        case CommandKind::retire_item:
        case CommandKind::confirm_order:
        case CommandKind::fulfil_order:
        case CommandKind::cancel_order:
        case CommandKind::close_order:
        case CommandKind::delete_record:
        case CommandKind::replay_dead_letter:
            return true;
        case CommandKind::create_item:
        case CommandKind::change_item:
        case CommandKind::put_item:
        case CommandKind::create_location:
        case CommandKind::receive_stock:
        case CommandKind::adjust_stock:
        case CommandKind::place_order:
        case CommandKind::return_goods:
        case CommandKind::expire_order:
        case CommandKind::insert_record:
        case CommandKind::discard_dead_letter:
        case CommandKind::ping:
            return false;
    }
    return false;
}

/// Edits of one thing that has an ETag.
bool takes_if_match(CommandKind kind) {
    switch (kind) {
        case CommandKind::change_item:
        case CommandKind::retire_item:
        case CommandKind::confirm_order:
        case CommandKind::fulfil_order:
        case CommandKind::cancel_order:
        case CommandKind::close_order:
        case CommandKind::return_goods:
            return true;
        case CommandKind::create_item:
        case CommandKind::put_item:
        case CommandKind::create_location:
        case CommandKind::receive_stock:
        case CommandKind::adjust_stock:
        case CommandKind::place_order:
        case CommandKind::expire_order:
        case CommandKind::insert_record:
        case CommandKind::delete_record:
        case CommandKind::replay_dead_letter:
        case CommandKind::discard_dead_letter:
        case CommandKind::ping:
            return false;
    }
    return false;
}

bool has_understood_media_type(CommandKind kind, const http::Request& request) {
    const auto encoding = request.header("content-encoding");
    if (encoding && *encoding != "identity") return false;
    if (http::is_json(request)) return true;
    const auto type = request.header("content-type");
    return kind == CommandKind::change_item && type &&
           is_media_type(*type, "application/merge-patch+json");
}

Read<JsonValue> read_body(CommandKind kind, const http::Request& request) {
    if (request.body.empty() && may_lack_body(kind))
        return JsonValue(JsonValue::Variant(JsonValue::Object()));
    if (!has_understood_media_type(kind, request))
        return std::unexpected(unsupported_media_type("application/json"));
    auto body = contract::read_json(request.body);
    if (!body)
        return std::unexpected(
            malformed_json(std::move(body.error().detail), std::move(body.error().field)));
    return std::move(*body);
}

Read<JsonValue> with_member(JsonValue body, std::string name, JsonValue value) {
    auto longer = contract::add_member(std::move(body), std::move(name), std::move(value));
    if (!longer)
        return std::unexpected(
            invalid_field(std::move(longer.error().field), std::move(longer.error().detail)));
    return std::move(*longer);
}

/// What the body calls the thing whose id stands in the path.
std::string id_member(CommandKind kind) {
    const bool is_on_letter =
        kind == CommandKind::replay_dead_letter || kind == CommandKind::discard_dead_letter;
    return is_on_letter ? "id" : "order";
}

Read<JsonValue> add_path(JsonValue body, CommandKind kind, const http::Request& request) {
    for (const auto& [name, value] : request.path_parameters) {
        if (name == "sku" && !domain::Sku::parse(value)) return std::unexpected(item_not_found());
        if (name == "id" && !base::Uuid::parse(value))
            return std::unexpected(invalid_field("id", "must be a UUID"));
        if (name == "srn" && !domain::Srn::parse(value)) return std::unexpected(record_not_found());
        auto longer =
            with_member(std::move(body), name == "id" ? id_member(kind) : name, text_value(value));
        if (!longer) return longer;
        body = std::move(*longer);
    }
    return body;
}

Read<JsonValue> add_if_match(JsonValue body, CommandKind kind, const http::Request& request) {
    if (body.find("expected_version") != nullptr)
        return std::unexpected(
            invalid_field("expected_version", "is given by the If-Match header, not in the body"));
    const auto header = request.header("if-match");
    if (!header) return body;
    if (!takes_if_match(kind))
        return std::unexpected(invalid_header(
            "If-Match",
            "is not taken by this route: what it changes has no version to compare with"));
    auto version = parse_if_match(*header);
    if (!version) return std::unexpected(invalid_header("If-Match", std::move(version.error())));
    if (!*version) return body;
    JsonValue number(JsonValue::Variant(JsonValue::Number{std::to_string(**version)}));
    return with_member(std::move(body), "expected_version", std::move(number));
}

/// Empty when there is none.
Read<std::optional<std::string>> read_key(const http::Request& request) {
    auto key = request.header("idempotency-key");
    if (key && !is_idempotency_key(*key))
        return std::unexpected(
            invalid_header("Idempotency-Key", "must be 1 to 255 visible ASCII characters"));
    return key;
}

base::Uuid command_id(const std::optional<std::string>& key) {
    if (!key) return base::Uuid::make_v7(base::Time::now());
    const std::array<std::string_view, 2> parts{kAnonymous, *key};
    return base::Uuid::make_v8(parts);
}

}  // namespace

std::expected<Wish, http::Problem> read_wish(CommandKind kind, const http::Request& request) {
    if (auto key = read_key(request); !key) return std::unexpected(std::move(key.error()));
    auto json = read_body(kind, request);
    if (json) json = add_path(std::move(*json), kind, request);
    if (json) json = add_if_match(std::move(*json), kind, request);
    if (!json) return std::unexpected(std::move(json.error()));

    auto body = contract::decode_body(kind, *json);
    if (!body)
        return std::unexpected(
            invalid_field(std::move(body.error().field), std::move(body.error().detail)));
    return make_wish(std::move(*body), request);
}

std::expected<Wish, http::Problem> make_wish(domain::CommandBody body,
                                             const http::Request& request) {
    const auto key = read_key(request);
    if (!key) return std::unexpected(key.error());
    Wish wish{.command = {.id = command_id(*key),
                          .actor = std::string(kAnonymous),
                          .at = std::nullopt,
                          .body = std::move(body)},
              .keyed = key->has_value(),
              .preference = {}};
    if (const auto prefer = request.header("prefer")) wish.preference = parse_prefer(*prefer);
    return wish;
}

}  // namespace stockroom::gateway
