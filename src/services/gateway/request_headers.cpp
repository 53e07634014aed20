#include "request_headers.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

namespace stockroom::gateway {

namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t";
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
    return std::ranges::equal(text, lower_case, {}, lower);
}

/// Splits at a separator that stands in no quoted string; parts are trimmed.
std::vector<std::string_view> split_outside_quotes(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    bool quoted = false;
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quoted && text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (text[i] == separator && !quoted) {
            parts.push_back(trim(text.substr(start, i - start)));
            start = i + 1;
        }
    }
    parts.push_back(trim(text.substr(start)));
    return parts;
}

/// Digits only; a number past 64 bits is the greatest.
std::optional<std::int64_t> parse_digits(std::string_view text) {
    if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() ? number : INT64_MAX;
}

std::string_view unquote(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        return text.substr(1, text.size() - 2);
    return text;
}

bool is_entity_tag_character(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

}  // namespace

Preference parse_prefer(std::string_view header) {
    Preference preference;
    bool seen_wait = false;
    for (const std::string_view part : split_outside_quotes(header, ',')) {
        const std::string_view preferred = split_outside_quotes(part, ';').front();
        const std::size_t equals = preferred.find('=');
        const std::string_view name = trim(preferred.substr(0, equals));
        const std::string_view value = equals == std::string_view::npos
                                           ? std::string_view()
                                           : unquote(trim(preferred.substr(equals + 1)));
        if (equals_ignoring_case(name, "respond-async") && value.empty()) {
            preference.respond_async = true;
        } else if (equals_ignoring_case(name, "wait") && !seen_wait) {
            seen_wait = true;
            if (const auto seconds = parse_digits(value))
                preference.wait = std::chrono::seconds(std::min(*seconds, kMaxWait.count()));
        }
    }
    return preference;
}

std::expected<std::optional<domain::Version>, std::string> parse_if_match(std::string_view header) {
    std::string_view tag = trim(header);
    if (tag == "*") return std::nullopt;
    const bool weak = tag.starts_with("W/");
    if (weak) tag.remove_prefix(2);
    if (tag.size() < 2 || tag.front() != '"' || tag.back() != '"')
        return std::unexpected(R"(must be * or one entity tag in quotes, like "3")");
    const std::string_view opaque = tag.substr(1, tag.size() - 2);
    if (!std::ranges::all_of(opaque, is_entity_tag_character))
        return std::unexpected(R"(must be * or one entity tag in quotes, like "3")");
    const auto version = parse_digits(opaque);
    if (weak || !version || *version < 1 || opaque.front() == '0') return kNoVersion;
    return std::min(*version, kNoVersion);
}

bool is_idempotency_key(std::string_view text) {
    return !text.empty() && text.size() <= 255 &&
           std::ranges::all_of(text, [](char c) { return c >= '!' && c <= '~'; });
}

bool is_media_type(std::string_view header, std::string_view media_type) {
    return equals_ignoring_case(trim(header.substr(0, header.find(';'))), media_type);
}

std::string entity_tag(domain::Version version) {
    return '"' + std::to_string(version) + '"';
}

}  // namespace stockroom::gateway
