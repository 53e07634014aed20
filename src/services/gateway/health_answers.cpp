#include "health_answers.hpp"

#include "stockroom/base/time.hpp"
#include "stockroom/contract/json.hpp"

namespace stockroom::gateway {

namespace {

using contract::JsonValue;

/// It answers from memory; of several each has its share.
constexpr std::chrono::seconds kPatience{1};

constexpr std::string_view kHealth = "health";

std::string text_of(const JsonValue& object, std::string_view name) {
    const JsonValue* member = object.find(name);
    const auto* text = member == nullptr ? nullptr : member->as<std::string>();
    return text == nullptr ? "" : *text;
}

}  // namespace

HealthAnswers::Answer HealthAnswers::get_health() {
    PeerRequest request{.method = "GET", .target = "/v1/health"};
    auto told = co_await health_.ask(context_, std::move(request), base::in(kPatience));
    http::Response response;
    if (told && told->status == 200) {
        remember(told->body);
        response.body = std::move(told->body);
    } else {
        response.body =
            tell_silence(told ? "it answers " + std::to_string(told->status) : told.error());
    }
    co_return response;
}

void HealthAnswers::remember(const std::string& body) {
    const auto json = contract::read_json(body);
    const JsonValue* parts = json ? json->find("parts") : nullptr;
    const auto* array = parts == nullptr ? nullptr : parts->as<JsonValue::Array>();
    if (array == nullptr) return;
    parts_.clear();
    for (const JsonValue& part : *array)
        parts_.push_back({text_of(part, "name"), text_of(part, "kind")});
}

std::string HealthAnswers::tell_silence(const std::string& cause) const {
    const std::string now = base::Time::now().to_string();
    std::string body;
    contract::JsonWriter json(body);
    json.begin_object();
    json.field("state", "unknown");
    json.field("at", now);
    json.name("parts");
    json.begin_array();
    json.begin_object();
    json.field("name", kHealth);
    json.field("kind", "service");
    json.field("state", "down");
    json.field("cause", cause);
    json.end_object();
    for (const Part& part : parts_) {
        if (part.name == kHealth) continue;
        json.begin_object();
        json.field("name", part.name);
        json.field("kind", part.kind);
        json.field("state", "unknown");
        json.field("cause", "the health service does not answer");
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return body;
}

}  // namespace stockroom::gateway
