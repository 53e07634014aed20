#include "stockroom/http/message.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>

#include "percent.hpp"

namespace stockroom::http {
namespace {

using boost::beast::iequals;

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes the text up to the next ';' off the front.
std::string_view take_part(std::string_view& rest) {
    const auto end = rest.find(';');
    const std::string_view part = trim(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return part;
}

/// "0.25" → 250; whatever is no such weight counts as 1 (RFC 9110 section 12.4.2).
int read_weight(std::string_view text) {
    constexpr int kFull = 1'000;
    if (!text.starts_with('0')) return kFull;
    int weight = 0;
    int unit = kFull / 10;
    for (const char digit : text.substr(std::min<std::size_t>(2, text.size()), 3)) {
        if (digit < '0' || digit > '9') return kFull;
        weight += (digit - '0') * unit;
        unit /= 10;
    }
    return weight;
}

}  // namespace

std::optional<std::string> Request::header(std::string_view name) const {
    std::optional<std::string> joined;
    for (const auto& [other, value] : headers) {
        if (other != name) continue;
        if (joined) {
            joined->append(", ").append(value);
        } else {
            joined = value;
        }
    }
    return joined;
}

bool is_json(const Request& request) {
    const auto type = request.header("content-type");
    if (!type) return false;
    std::string_view rest = *type;
    if (!iequals(take_part(rest), "application/json")) return false;
    while (!rest.empty()) {
        const std::string_view parameter = take_part(rest);
        const auto equals = parameter.find('=');
        if (!iequals(parameter.substr(0, equals), "charset")) continue;
        if (equals == std::string_view::npos) return false;
        const std::string_view value = parameter.substr(equals + 1);
        if (!iequals(value, "utf-8") && !iequals(value, "\"utf-8\"")) return false;
    }
    return true;
}

bool wants_json(const Request& request) {
    const auto accept = request.header("accept");
    if (!accept) return false;
    int json = 0;
    int text = 0;
    for (std::string_view ranges = *accept; !ranges.empty();) {
        const auto comma = ranges.find(',');
        std::string_view range = ranges.substr(0, comma);
        ranges = comma == std::string_view::npos ? std::string_view{} : ranges.substr(comma + 1);
        const std::string_view type = take_part(range);
        int weight = 1'000;
        while (!range.empty()) {
            const std::string_view parameter = take_part(range);
            if (parameter.starts_with("q=") || parameter.starts_with("Q="))
                weight = read_weight(parameter.substr(2));
        }
        if (iequals(type, "application/json")) json = std::max(json, weight);
        if (iequals(type, "text/plain") || iequals(type, "application/openmetrics-text"))
            text = std::max(text, weight);
    }
    return json > 0 && json >= text;
}

std::optional<std::vector<std::pair<std::string, std::string>>> read_form(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(pair.substr(0, equals), PlusSign::space);
        auto value =
            percent_decode(pair.substr(std::min(equals + 1, pair.size())), PlusSign::space);
        if (!name || !value) return std::nullopt;
        pairs.emplace_back(*std::move(name), *std::move(value));
    }
    return pairs;
}

}  // namespace stockroom::http
