#include "stockroom/contract/json.hpp"

#include <algorithm>

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include "path.hpp"

namespace stockroom::contract {

namespace {

using boost::json::error_code;
using Text = boost::json::string_view;
using Object = JsonValue::Object;
using Array = JsonValue::Array;

/// A container that is being read, and where in it the next value belongs.
struct Frame {
    std::variant<Object, Array> container;
    std::string name;  // of the member that is being read
};

constexpr std::size_t kFewMembers = 16;

/// The first name that stands a second time; null when each stands once.
const std::string* find_duplicate(const Object& object) {
    if (object.size() <= kFewMembers) {
        for (auto member = object.begin(); member != object.end(); ++member) {
            const auto same = [member](const auto& other) { return other.first == member->first; };
            if (std::find_if(object.begin(), member, same) != member) return &member->first;
        }
        return nullptr;
    }
    std::vector<const std::string*> names;
    names.reserve(object.size());
    for (const auto& [name, value] : object)
        names.push_back(&name);
    const auto by_text = [](const std::string* a, const std::string* b) { return *a < *b; };
    const auto same_text = [](const std::string* a, const std::string* b) { return *a == *b; };
    std::ranges::sort(names, by_text);
    const auto found = std::ranges::adjacent_find(names, same_text);
    return found == names.end() ? nullptr : *found;
}

/// Builds a JsonValue from the parser's calls. The parser limits depth and checks UTF-8.
class Builder {
  public:
    static constexpr std::size_t max_array_size = SIZE_MAX;
    static constexpr std::size_t max_object_size = SIZE_MAX;
    static constexpr std::size_t max_string_size = SIZE_MAX;
    static constexpr std::size_t max_key_size = SIZE_MAX;

    [[nodiscard]] JsonValue take() { return std::move(root_); }
    /// Where the name stands that made the parser stop; empty when that was not the cause.
    [[nodiscard]] const std::string& duplicate() const { return duplicate_; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }

    bool on_array_begin(error_code&) {
        frames_.push_back({Array(), {}});
        return true;
    }
    bool on_array_end(std::size_t, error_code&) {
        Array array = std::move(std::get<Array>(frames_.back().container));
        frames_.pop_back();
        return add(std::move(array));
    }
    bool on_object_begin(error_code&) {
        frames_.push_back({Object(), {}});
        return true;
    }
    bool on_object_end(std::size_t, error_code& error) {
        Object object = std::move(std::get<Object>(frames_.back().container));
        frames_.pop_back();
        if (const auto* name = find_duplicate(object)) {
            duplicate_ = path_to(*name);
            error = boost::json::error::syntax;
            return false;
        }
        return add(std::move(object));
    }

    bool on_key_part(Text part, std::size_t, error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_key(Text rest, std::size_t, error_code&) {
        frames_.back().name = take_text(rest);
        return true;
    }
    bool on_string_part(Text part, std::size_t, error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_string(Text rest, std::size_t, error_code&) { return add(take_text(rest)); }

    bool on_number_part(Text part, error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t, Text rest, error_code&) { return add_number(rest); }
    bool on_uint64(std::uint64_t, Text rest, error_code&) { return add_number(rest); }
    bool on_double(double, Text rest, error_code&) { return add_number(rest); }

    bool on_bool(bool truth, error_code&) { return add(truth); }
    bool on_null(error_code&) { return add(nullptr); }
    bool on_comment_part(Text, error_code&) { return true; }
    bool on_comment(Text, error_code&) { return true; }

  private:
    /// The text that came in parts, and its rest.
    std::string take_text(Text rest) {
        if (text_.empty()) return {rest.data(), rest.size()};
        text_.append(rest.data(), rest.size());
        return std::exchange(text_, {});
    }

    bool add_number(Text rest) { return add(JsonValue::Number{take_text(rest)}); }

    bool add(JsonValue::Variant variant) {
        JsonValue value(std::move(variant));
        if (frames_.empty()) {
            root_ = std::move(value);
        } else if (auto* array = std::get_if<Array>(&frames_.back().container)) {
            array->push_back(std::move(value));
        } else {
            auto& frame = frames_.back();
            std::get<Object>(frame.container).emplace_back(std::move(frame.name), std::move(value));
        }
        return true;
    }

    /// "lines[3].sku" for a member of the value that is being read.
    [[nodiscard]] std::string path_to(std::string_view name) const {
        std::string path;
        for (const auto& frame : frames_) {
            if (const auto* array = std::get_if<Array>(&frame.container)) {
                append_index(path, array->size());
            } else {
                append_member(path, frame.name);
            }
        }
        append_member(path, name);
        return path;
    }

    std::vector<Frame> frames_;
    std::string text_;
    JsonValue root_;
    std::string duplicate_;
};

std::string_view describe(error_code error) {
    using boost::json::error;
    if (error == error::incomplete) return "the text ends too early";
    if (error == error::extra_data) return "there is something after the end";
    if (error == error::too_deep) return "nested too deeply";
    if (error == error::exponent_overflow) return "the number's exponent is too large";
    if (error == error::illegal_leading_surrogate || error == error::illegal_trailing_surrogate ||
        error == error::expected_utf16_escape) {
        return "a surrogate stands alone";
    }
    if (error == error::expected_hex_digit) return "four hexadecimal digits must follow \\u";
    return "this is not JSON in UTF-8";
}

/// "line 3, column 7: …", counted from 1, columns in code points.
std::string locate(std::string_view text, std::size_t at, std::string_view problem) {
    const std::string_view before = text.substr(0, at);
    const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto starts_code_point = [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    };
    const auto column = std::ranges::count_if(before.substr(line_start), starts_code_point) + 1;
    return fmt::format("line {}, column {}: {}", line, column, problem);
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
    const auto* object = as<Object>();
    if (object == nullptr) return nullptr;
    const auto found = std::ranges::find(*object, name, &Object::value_type::first);
    return found == object->end() ? nullptr : &found->second;
}

std::expected<JsonValue, JsonError> read_json(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    boost::json::basic_parser<Builder> parser(options);
    error_code error;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && read < text.size()) error = boost::json::error::extra_data;
    if (!error) return parser.handler().take();

    const std::string& duplicate = parser.handler().duplicate();
    if (!duplicate.empty()) {
        return std::unexpected(
            JsonError{locate(text, read, "the object has this name twice"), duplicate});
    }
    return std::unexpected(JsonError{locate(text, read, describe(error)), {}});
}

}  // namespace stockroom::contract
