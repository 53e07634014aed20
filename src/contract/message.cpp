#include <fmt/format.h>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"

#include "fields.hpp"

namespace stockroom::contract {

namespace {

using namespace domain;

/// Kind and body in one text, with a line feed between them, which no kind has.
base::Fingerprint fingerprint_of_body(CommandKind kind, std::string_view body) {
    return base::fingerprint_of(fmt::format("{}\n{}", to_string(kind), body));
}

std::expected<Command, Invalid> read_envelope(const base::Uuid& id, CommandKind kind,
                                              const JsonValue& element) {
    // Members that are not known come from a newer publisher; what a command means is in its body.
    Fields fields(element, Unknown::ignored);
    auto actor = fields.required("actor", ReadText{kMaxActorLength, 1});
    const auto at = fields.optional("at", read_time);
    fields.require("body");
    auto envelope = fields.finish([&] { return std::pair(std::move(*actor), at); });
    if (!envelope) return std::unexpected(std::move(envelope.error()));

    auto body = decode_body(kind, *element.find("body"));
    if (!body) return std::unexpected(std::move(body.error()));
    return Command{id, std::move(envelope->first), envelope->second, std::move(*body)};
}

/// Told by the command's meaning, or by what stands there when it has none.
base::Fingerprint fingerprint(CommandKind kind, const std::expected<Command, Invalid>& command,
                              const JsonValue& element) {
    if (command) return fingerprint_of_body(kind, encode_body(command->body));
    std::string raw;
    if (const auto* body = element.find("body")) append_json(raw, *body);
    return fingerprint_of_body(kind, raw);
}

std::unexpected<Unreadable> unreadable(std::string reason, const JsonValue& element) {
    Unreadable problem{std::move(reason), {}};
    append_json(problem.text, element);
    return std::unexpected(std::move(problem));
}

std::expected<ReadCommand, Unreadable> read_element(const JsonValue& element) {
    if (element.as<JsonValue::Object>() == nullptr)
        return unreadable("a command must be an object", element);

    const auto* id_value = element.find("id");
    if (id_value == nullptr) return unreadable("the command has no id", element);
    const auto id = read_id(*id_value);
    if (!id) return unreadable("the command's id " + id.error(), element);

    const auto* kind_value = element.find("kind");
    const auto* kind_name = kind_value == nullptr ? nullptr : kind_value->as<std::string>();
    if (kind_name == nullptr) return unreadable("the command has no kind", element);
    const auto kind = parse_command_kind(*kind_name);
    if (!kind) return unreadable("the command's kind is not known", element);

    auto command = read_envelope(*id, *kind, element);
    const auto print = fingerprint(*kind, command, element);
    return ReadCommand{*id, *kind, print, std::move(command)};
}

}  // namespace

std::vector<std::expected<ReadCommand, Unreadable>> decode_message(std::string_view bytes) {
    std::vector<std::expected<ReadCommand, Unreadable>> commands;
    const auto whole = [&](std::string reason) {
        commands.emplace_back(std::unexpected(Unreadable{std::move(reason), std::string(bytes)}));
    };

    const auto message = read_json(bytes);
    if (!message) {
        const JsonError& error = message.error();
        whole(error.field.empty() ? error.detail : error.field + ": " + error.detail);
        return commands;
    }
    const auto* array = message->as<JsonValue::Array>();
    if (array == nullptr) {
        commands.push_back(read_element(*message));
        return commands;
    }
    if (array->empty() || array->size() > kMaxCommandsPerMessage) {
        whole(fmt::format("a message has 1 to {} commands, this one {}", kMaxCommandsPerMessage,
                          array->size()));
        return commands;
    }
    commands.reserve(array->size());
    for (const auto& element : *array)
        commands.push_back(read_element(element));
    return commands;
}

std::vector<Part> split_message(std::string_view bytes) {
    const auto message = read_json(bytes);
    const auto* array = message ? message->as<JsonValue::Array>() : nullptr;
    if (array == nullptr || array->size() < 2 || array->size() > kMaxCommandsPerMessage) return {};
    std::vector<Part> parts;
    parts.reserve(array->size());
    for (const auto& element : *array) {
        Part& part = parts.emplace_back();
        append_json(part.bytes, element);
        const auto* id_value = element.find("id");
        if (id_value == nullptr) continue;
        if (const auto id = read_id(*id_value)) part.id = *id;
    }
    return parts;
}

}  // namespace stockroom::contract
