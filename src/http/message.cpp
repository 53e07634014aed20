#include "stockroom/http/message.hpp"

#include <boost/beast/core/string.hpp>

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

}  // namespace stockroom::http
