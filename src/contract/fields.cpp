#include "fields.hpp"

#include <algorithm>
#include <charconv>
#include <span>

#include <fmt/format.h>

#include "stockroom/base/check.hpp"
#include "stockroom/base/text.hpp"

#include "path.hpp"

namespace stockroom::contract {

namespace {

constexpr std::string_view kPrintableNameRule =
    "must be a text of 1 to 64 printable ASCII characters with no space at either end";

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

const JsonValue::Object& no_members() {
    static const JsonValue::Object empty;
    return empty;
}

}  // namespace

Parsed<domain::Sku> read_sku(const JsonValue& value) {
    if (const auto* text = value.as<std::string>()) {
        if (auto sku = domain::Sku::parse(*text)) return std::move(*sku);
    }
    return std::unexpected(std::string(kPrintableNameRule));
}

Parsed<domain::LocationCode> read_location(const JsonValue& value) {
    if (const auto* text = value.as<std::string>()) {
        if (auto code = domain::LocationCode::parse(*text)) return std::move(*code);
    }
    return std::unexpected("must be a text of 1 to 32 of A-Z a-z 0-9 '-' '_' '.'");
}

Parsed<domain::Srn> read_srn(const JsonValue& value) {
    if (const auto* text = value.as<std::string>()) {
        if (auto srn = domain::Srn::parse(*text)) return std::move(*srn);
    }
    return std::unexpected(std::string(kPrintableNameRule));
}

Parsed<base::Uuid> read_id(const JsonValue& value) {
    if (const auto* text = value.as<std::string>()) {
        if (const auto id = base::Uuid::parse(*text)) return *id;
    }
    return std::unexpected("must be a UUID, such as \"01938a1e-4c00-7000-8000-000000000001\"");
}

Parsed<base::Time> read_time(const JsonValue& value) {
    if (const auto* text = value.as<std::string>()) {
        if (const auto time = base::Time::parse(*text)) return *time;
    }
    return std::unexpected("must be a time as in RFC 3339, such as \"2026-11-21T10:00:00Z\"");
}

Parsed<base::Money> read_price(const JsonValue& value) {
    std::string_view digits;
    if (const auto* number = value.as<JsonValue::Number>()) digits = number->text;
    if (const auto* text = value.as<std::string>()) digits = *text;
    if (!digits.starts_with('-')) {
        if (const auto price = base::Money::parse(digits)) return *price;
    }
    return std::unexpected(
        "must be an amount from 0.00 to 92233720368547758.07, with at most 2 decimals and no "
        "exponent");
}

Parsed<bool> read_bool(const JsonValue& value) {
    if (const auto* truth = value.as<bool>()) return *truth;
    return std::unexpected("must be true or false");
}

Parsed<std::int64_t> ReadInteger::operator()(const JsonValue& value) const {
    if (const auto* number = value.as<JsonValue::Number>(); number && number->text != "-0") {
        const std::string& text = number->text;
        const char* end = text.data() + text.size();
        std::int64_t result = 0;
        const auto read = std::from_chars(text.data(), end, result);
        if (read.ec == std::errc() && read.ptr == end && result >= min && result <= max)
            return result;
    }
    return std::unexpected(fmt::format("must be a whole number from {} to {}", min, max));
}

Parsed<std::string> ReadText::operator()(const JsonValue& value) const {
    if (const auto* text = value.as<std::string>();
        text && base::is_utf8(*text) && std::ranges::none_of(*text, is_control)) {
        const std::size_t length = base::count_code_points(*text);
        if (length >= min_length && length <= max_length) return *text;
    }
    const std::string bounds = min_length == 0 ? fmt::format("at most {}", max_length)
                                               : fmt::format("{} to {}", min_length, max_length);
    return std::unexpected(
        fmt::format("must be a text of {} characters without control characters", bounds));
}

std::string array_rule(std::size_t min, std::size_t max) {
    return min == 0 ? fmt::format("must be an array of at most {} elements", max)
                    : fmt::format("must be an array of {} to {} elements", min, max);
}

std::string Place::path() const {
    std::string path = parent == nullptr ? std::string() : parent->path();
    append_member(path, name);
    if (index != kNoIndex) append_index(path, index);
    return path;
}

Fields::Fields(const JsonValue& value, Unknown unknown, const Place* place)
    : object_(value.as<JsonValue::Object>()), unknown_(unknown), place_(place) {
    if (object_ != nullptr) return;
    object_ = &no_members();
    keep(0, {place_ == nullptr ? std::string() : place_->path(), "must be an object"});
}

Fields::Member Fields::ask(std::string_view name) {
    CHECK(asked_count_ < asked_.size(), "an object has few known members");
    asked_.at(asked_count_++) = name;
    for (std::size_t at = 0; at < object_->size(); ++at) {
        if ((*object_)[at].first != name) continue;
        ++found_count_;
        return {&(*object_)[at].second, at};
    }
    return {nullptr, object_->size()};
}

void Fields::require(std::string_view name) {
    const auto found = std::ranges::find(*object_, name, &JsonValue::Object::value_type::first);
    if (found == object_->end()) keep(object_->size(), {path_to(name), "is required"});
}

void Fields::refuse(std::string_view name, std::string path, std::string detail) {
    const auto found = std::ranges::find(*object_, name, &JsonValue::Object::value_type::first);
    keep(static_cast<std::size_t>(found - object_->begin()), {std::move(path), std::move(detail)});
}

std::string Fields::path_to(std::string_view name) const {
    return Place{place_, name}.path();
}

void Fields::keep(std::size_t position, Invalid problem) {
    if (problem_ && problem_position_ <= position) return;
    problem_ = std::move(problem);
    problem_position_ = position;
}

void Fields::refuse_unknown() {
    if (found_count_ == object_->size()) return;
    const auto asked = std::span(asked_).first(asked_count_);
    const auto is_unknown = [asked](const auto& member) {
        return std::ranges::find(asked, member.first) == asked.end();
    };
    const auto found = std::ranges::find_if(*object_, is_unknown);
    keep(static_cast<std::size_t>(found - object_->begin()),
         {path_to(found->first), "is not a field that is known here"});
}

}  // namespace stockroom::contract
