#include "stockroom/contract/dead_letters.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "stockroom/base/text.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"

#include "fields.hpp"

namespace stockroom::contract {

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// How far a code point that was cut off can reach back (RFC 3629).
constexpr std::size_t kCutOffMax = 3;

std::optional<base::Uuid> id_of(const JsonValue& command) {
    const auto* value = command.find("id");
    const auto id = value == nullptr ? std::nullopt : std::optional(read_id(*value));
    return id && *id ? std::optional(**id) : std::nullopt;
}

std::string kind_of(const JsonValue& command) {
    const auto* value = command.find("kind");
    const auto* text = value == nullptr ? nullptr : value->as<std::string>();
    return text != nullptr && parse_command_kind(*text) ? *text : std::string();
}

ReadDeadLetter read_one(std::string_view queue, std::string bytes, const JsonValue* json) {
    ReadDeadLetter letter{.id = {}, .kind = {}, .bytes = std::move(bytes)};
    const auto id = json == nullptr ? std::nullopt : id_of(*json);
    if (!id) {
        const std::array<std::string_view, 3> parts{"dead_letter", queue, letter.bytes};
        letter.id = base::Uuid::make_v8(parts);
        return letter;
    }
    letter.id = *id;
    letter.kind = kind_of(*json);
    return letter;
}

/// The whole code points of a text that was cut off anywhere; empty when it is none.
std::optional<std::string_view> whole_text(std::string_view bytes, bool is_cut_off) {
    const std::size_t drop_max = is_cut_off ? std::min(kCutOffMax, bytes.size()) : 0;
    for (std::size_t drop = 0; drop <= drop_max; ++drop) {
        const std::string_view text = bytes.substr(0, bytes.size() - drop);
        if (base::is_utf8(text)) return text;
    }
    return std::nullopt;
}

void write_members(JsonWriter& json, const domain::DeadLetter& letter) {
    json.field("id", letter.id.to_string());
    json.field("state", to_string(letter.state));
    if (!letter.queue.empty()) json.field("queue", letter.queue);
    if (!letter.kind.empty()) json.field("kind", letter.kind);
    json.field("reason", readable(letter.reason));
    json.field("count", letter.count);
    json.field("redeliveries", letter.redeliveries);
    json.field("size", letter.size);
    json.field("first_at", letter.first_at.to_string());
    json.field("last_at", letter.last_at.to_string());
    if (letter.decision) {
        json.name("decision");
        json.begin_object();
        json.field("actor", letter.decision->actor);
        if (!letter.decision->reason.empty()) json.field("reason", letter.decision->reason);
        json.field("at", letter.decision->at.to_string());
        json.end_object();
    }
    json.field("version", letter.version);
}

}  // namespace

std::vector<ReadDeadLetter> read_dead_letters(std::string_view queue, std::string_view bytes) {
    std::vector<ReadDeadLetter> letters;
    const auto json = read_json(bytes);
    const auto* array = json ? json->as<JsonValue::Array>() : nullptr;
    const bool is_several =
        array != nullptr && array->size() > 1 && array->size() <= kMaxCommandsPerMessage &&
        std::ranges::all_of(*array,
                            [](const JsonValue& element) { return id_of(element).has_value(); });
    if (!is_several) {
        letters.push_back(read_one(queue, std::string(bytes), json ? &*json : nullptr));
        return letters;
    }
    letters.reserve(array->size());
    for (const JsonValue& element : *array) {
        std::string text;
        append_json(text, element);
        letters.push_back(read_one(queue, std::move(text), &element));
    }
    return letters;
}

void write(JsonWriter& json, const domain::DeadLetter& letter) {
    json.begin_object();
    write_members(json, letter);
    json.end_object();
}

void write_with_body(JsonWriter& json, const domain::DeadLetter& letter) {
    const bool is_cut_off = static_cast<std::int64_t>(letter.bytes.size()) < letter.size;
    const auto text = whole_text(letter.bytes, is_cut_off);
    json.begin_object();
    write_members(json, letter);
    json.field("encoding", text ? "utf-8" : "base64");
    json.field("body", text ? std::string(*text) : to_base64(letter.bytes));
    if (is_cut_off) json.field("truncated", true);
    json.end_object();
}

std::string readable(const std::string& reason) {
    if (base::is_utf8(reason)) return reason;
    std::string text = reason;
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) > 0x7F; }, '?');
    return text;
}

std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= group.size() ? kBase64[bits >> (18U - 6U * i) & 63U] : '=';
    }
    return text;
}

}  // namespace stockroom::contract
