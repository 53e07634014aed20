#include "stockroom/base/check.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"

#include "fields.hpp"
#include "read_views.hpp"

namespace stockroom::contract {

namespace {

using namespace domain;

/// The result of a command of this kind, which says what it is a state of.
std::expected<Result, Invalid> read_result(CommandKind kind, const JsonValue* value) {
    if (value == nullptr) return Result();
    const Place place{nullptr, "result"};
    switch (kind) {
        using enum CommandKind;
        case create_item:
        case change_item:
        case retire_item:
        case put_item:
            return read_item(*value, &place);
        case create_location:
            return read_location_state(*value, &place);
        case receive_stock:
        case adjust_stock:
            return read_level(*value, &place);
        case place_order:
        case confirm_order:
        case fulfil_order:
        case cancel_order:
        case close_order:
        case return_goods:
        case expire_order:
            return read_order(*value, &place);
        case insert_record:
        case delete_record:
            return read_record(*value, &place);
        case replay_dead_letter:
        case discard_dead_letter:
            return read_dead_letter(*value, &place);
        case ping:
            return Result();
    }
    CHECK(false, "every kind has a result");
}

Parsed<CommandKind> read_kind(const JsonValue& value) {
    if (const auto* text = value.as<std::string>()) {
        if (const auto kind = parse_command_kind(*text)) return *kind;
    }
    return std::unexpected("must be a kind that is known");
}

std::expected<ReadOutcome, Invalid> read_outcome(const JsonValue& value) {
    Fields fields(value, Unknown::ignored);
    const auto id = fields.required("id", read_id);
    const auto kind = fields.required("kind", read_kind);
    const auto code = fields.required("code", read_any_text);
    auto field = fields.optional("field", read_any_text);
    auto detail = fields.optional("detail", read_any_text);
    auto shortages = fields.list("shortages", 0, SIZE_MAX, read_shortage);
    if (kind && code && !parse_outcome_code(*kind, *code))
        fields.refuse("code", "code", "must be a code of this kind");

    std::expected<Result, Invalid> result;
    if (kind) result = read_result(*kind, value.find("result"));
    if (!result) return std::unexpected(std::move(result.error()));
    return fields.finish([&] {
        return ReadOutcome{
            *id, *kind,
            Outcome{.code = *parse_outcome_code(*kind, *code),
                    .field = std::move(field).value_or(""),
                    .result = std::move(*result),
                    .shortages = std::move(shortages).value_or(std::vector<Shortage>()),
                    .detail = std::move(detail).value_or("")}};
    });
}

std::expected<ReadOutcome, std::string> to_outcome(const JsonValue& value) {
    auto outcome = read_outcome(value);
    if (outcome) return std::move(*outcome);
    const Invalid& problem = outcome.error();
    return std::unexpected(problem.field.empty() ? problem.detail
                                                 : problem.field + " " + problem.detail);
}

}  // namespace

std::string encode_outcome(const base::Uuid& id, CommandKind kind, const Outcome& outcome) {
    std::string text;
    text.reserve(768);
    JsonWriter json(text);
    json.begin_object();
    json.field("id", id.to_string());
    json.field("kind", to_string(kind));
    json.field("code", to_string(outcome.code));
    if (!outcome.field.empty()) json.field("field", outcome.field);
    if (!outcome.detail.empty()) json.field("detail", outcome.detail);
    if (!std::holds_alternative<std::monostate>(outcome.result)) {
        json.name("result");
        const auto write_state = [&json](const auto& state) {
            if constexpr (!std::is_same_v<decltype(state), const std::monostate&>)
                write(json, state);
        };
        std::visit(write_state, outcome.result);
    }
    if (!outcome.shortages.empty()) {
        json.name("shortages");
        json.begin_array();
        for (const auto& shortage : outcome.shortages)
            write(json, shortage);
        json.end_array();
    }
    json.end_object();
    return text;
}

std::expected<ReadOutcome, std::string> decode_outcome(std::string_view bytes) {
    const auto value = read_json(bytes);
    if (!value) return std::unexpected(value.error().detail);
    return to_outcome(*value);
}

std::vector<std::expected<ReadOutcome, std::string>> decode_outcomes(std::string_view bytes) {
    std::vector<std::expected<ReadOutcome, std::string>> outcomes;
    const auto value = read_json(bytes);
    if (!value) {
        outcomes.emplace_back(std::unexpected(value.error().detail));
        return outcomes;
    }
    const auto* array = value->as<JsonValue::Array>();
    if (array == nullptr) {
        outcomes.push_back(to_outcome(*value));
        return outcomes;
    }
    outcomes.reserve(array->size());
    for (const auto& element : *array)
        outcomes.push_back(to_outcome(element));
    return outcomes;
}

}  // namespace stockroom::contract
