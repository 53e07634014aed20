#include <array>
#include <charconv>

#include "stockroom/base/text.hpp"
#include "stockroom/contract/json.hpp"

namespace stockroom::contract {

void JsonWriter::separate() {
    if (needs_comma_) out_.push_back(',');
}

void JsonWriter::begin_object() {
    separate();
    out_.push_back('{');
    needs_comma_ = false;
}

void JsonWriter::end_object() {
    out_.push_back('}');
    needs_comma_ = true;
}

void JsonWriter::begin_array() {
    separate();
    out_.push_back('[');
    needs_comma_ = false;
}

void JsonWriter::end_array() {
    out_.push_back(']');
    needs_comma_ = true;
}

void JsonWriter::name(std::string_view name) {
    separate();
    base::append_json_string(out_, name);
    out_.push_back(':');
    needs_comma_ = false;
}

void JsonWriter::value(std::string_view text) {
    separate();
    base::append_json_string(out_, text);
    needs_comma_ = true;
}

void JsonWriter::value(std::int64_t number) {
    std::array<char, 20> digits{};  // "-9223372036854775808"
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    raw({digits.data(), written.ptr});
}

void JsonWriter::value(bool truth) {
    raw(truth ? "true" : "false");
}

void JsonWriter::null() {
    raw("null");
}

void JsonWriter::raw(std::string_view json) {
    separate();
    out_.append(json);
    needs_comma_ = true;
}

namespace {

void write_value(JsonWriter& json, const JsonValue& value) {
    struct Visitor {
        JsonWriter& json;
        void operator()(std::nullptr_t) const { json.null(); }
        void operator()(bool truth) const { json.value(truth); }
        void operator()(const JsonValue::Number& number) const { json.raw(number.text); }
        void operator()(const std::string& text) const { json.value(text); }
        void operator()(const JsonValue::Array& array) const {
            json.begin_array();
            for (const auto& element : array)
                write_value(json, element);
            json.end_array();
        }
        void operator()(const JsonValue::Object& object) const {
            json.begin_object();
            for (const auto& [name, member] : object) {
                json.name(name);
                write_value(json, member);
            }
            json.end_object();
        }
    };
    std::visit(Visitor{json}, value.get());
}

}  // namespace

void append_json(std::string& out, const JsonValue& value) {
    JsonWriter json(out);
    write_value(json, value);
}

}  // namespace stockroom::contract
