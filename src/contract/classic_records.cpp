#include "stockroom/contract/classic_records.hpp"

#include <utility>

#include "fields.hpp"

namespace stockroom::contract {

namespace {

using namespace domain;

/// A number stands for its digits.
JsonValue as_text(const JsonValue& value) {
    const auto* number = value.as<JsonValue::Number>();
    return number == nullptr ? value : JsonValue(number->text);
}

template <typename Read>
auto loosely(const Read& read) {
    return [&read](const JsonValue& value) { return read(as_text(value)); };
}

constexpr ReadText kReadName{kMaxNameLength};
constexpr ReadText kReadSection{kMaxSectionLength};

}  // namespace

ReadClassic read_classic_insertion(std::string_view json) {
    const auto value = read_json(json);
    if (!value) return std::unexpected(Invalid{value.error().field, value.error().detail});
    Fields fields(*value, Unknown::ignored);
    auto name = fields.optional("Name", loosely(kReadName));
    const auto srn = fields.required("SRN", loosely(read_srn));
    auto section = fields.optional("Section", loosely(kReadSection));
    return fields.finish([&]() -> CommandBody {
        return InsertRecord{.srn = *srn,
                            .name = std::move(name).value_or(""),
                            .section = std::move(section).value_or("")};
    });
}

ReadClassic read_classic_removal(std::string_view text) {
    const auto json = read_json(text);
    const JsonValue value = json ? *json : JsonValue(std::string(text));
    if (value.as<JsonValue::Object>() == nullptr) {
        auto srn = read_srn(as_text(value));
        if (!srn) return std::unexpected(Invalid{"SRN", std::move(srn.error())});
        return DeleteRecord{*std::move(srn)};
    }
    Fields fields(value, Unknown::ignored);
    const auto srn = fields.required("SRN", loosely(read_srn));
    return fields.finish([&]() -> CommandBody { return DeleteRecord{*srn}; });
}

void write_classic_record(JsonWriter& json, const Record& record) {
    json.begin_object();
    json.field("Name", record.name);
    json.field("SRN", record.srn.text());
    json.field("Section", record.section);
    json.end_object();
}

}  // namespace stockroom::contract
