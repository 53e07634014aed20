#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace stockroom::contract {

/// A JSON value that keeps a number's text, so that no digit is lost or invented.
class JsonValue {
  public:
    struct Number {
        std::string text;
    };
    using Array = std::vector<JsonValue>;
    using Object = std::vector<std::pair<std::string, JsonValue>>;  // in order, names unique
    using Variant = std::variant<std::nullptr_t, bool, Number, std::string, Array, Object>;

    JsonValue() = default;
    explicit JsonValue(Variant value) : value_(std::move(value)) {}

    [[nodiscard]] const Variant& get() const { return value_; }
    [[nodiscard]] Variant take() && { return std::move(value_); }
    template <typename T>
    [[nodiscard]] const T* as() const {
        return std::get_if<T>(&value_);
    }
    /// The member of an object; null when this is no object or has no such member.
    [[nodiscard]] const JsonValue* find(std::string_view name) const;

  private:
    Variant value_;
};

struct JsonError {
    std::string
        detail;         // "line 3, column 7: a comma, a bracket or a quote is missing or misplaced"
    std::string field;  // of a name that stands twice: "lines[3].sku"; else empty
};

inline constexpr std::size_t kMaxJsonDepth = 32;

/// Reads one JSON text (RFC 8259) strictly: UTF-8, no duplicate names, nesting up to kMaxJsonDepth,
/// nothing after it.
[[nodiscard]] std::expected<JsonValue, JsonError> read_json(std::string_view text);

/// Appends the value as JSON: members in their order, numbers as their text stands.
/// REQUIRES: nested no deeper than kMaxJsonDepth or so; texts in UTF-8.
void append_json(std::string& out, const JsonValue& value);

/// Writes JSON into a string, commas and all. REQUIRES: texts in UTF-8.
///     JsonWriter json(out); json.begin_object(); json.field("sku", "IB1"); json.end_object();
class JsonWriter {
  public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    void begin_object();
    void end_object();
    void begin_array();
    void end_array();
    void name(std::string_view name);
    void value(std::string_view text);
    void value(const char* text) { value(std::string_view(text)); }
    void value(std::int64_t number);
    void value(bool truth);
    void null();
    /// JSON that is already text.
    void raw(std::string_view json);

    template <typename T>
    void field(std::string_view field_name, const T& field_value) {
        name(field_name);
        value(field_value);
    }

  private:
    void separate();

    std::string& out_;
    bool needs_comma_ = false;
};

}  // namespace stockroom::contract
