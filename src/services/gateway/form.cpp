#include "form.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/beast/core/string.hpp>

#include "stockroom/base/text.hpp"
#include "stockroom/contract/json.hpp"

namespace stockroom::gateway {

namespace {

using Field = std::pair<std::string, std::string>;
using Fields = std::vector<Field>;

bool is_type(std::string_view content_type, std::string_view wanted) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    type = type.substr(0, type.find_last_not_of(" \t") + 1);
    return boost::beast::iequals(type, wanted);
}

/// The value of a parameter as in `; name=value` or `; name="value"`; empty when it is missing.
std::string_view parameter(std::string_view header, std::string_view name) {
    std::string_view rest = header.substr(std::min(header.find(';'), header.size()));
    while (rest.starts_with(';')) {
        rest.remove_prefix(1);
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
        const std::string_view key = rest.substr(0, rest.find_first_of("=;"));
        rest.remove_prefix(key.size());
        std::string_view value;
        if (rest.starts_with("=\"")) {
            rest.remove_prefix(2);
            const auto end = rest.find('"');
            if (end == std::string_view::npos) return {};
            value = rest.substr(0, end);
        } else if (rest.starts_with('=')) {
            rest.remove_prefix(1);
            value = rest.substr(0, rest.find_first_of("; \t"));
        }
        rest.remove_prefix(value.size());
        if (boost::beast::iequals(key, name)) return value;
        rest.remove_prefix(std::min(rest.find(';'), rest.size()));
    }
    return {};
}

/// The name that a part's headers give it; empty: none.
std::string_view name_of_part(std::string_view headers) {
    constexpr std::string_view kDisposition = "content-disposition:";
    while (!headers.empty()) {
        const std::string_view line = headers.substr(0, headers.find("\r\n"));
        headers.remove_prefix(std::min(headers.size(), line.size() + 2));
        if (boost::beast::iequals(line.substr(0, kDisposition.size()), kDisposition))
            return parameter(line, "name");
    }
    return {};
}

std::optional<Fields> read_multipart(std::string_view body, std::string_view boundary) {
    if (boundary.empty()) return std::nullopt;
    const std::string delimiter = "\r\n--" + std::string(boundary);
    // The first delimiter may stand at the very beginning.
    std::string_view rest = body;
    if (rest.starts_with(std::string_view(delimiter).substr(2))) {
        rest.remove_prefix(delimiter.size() - 2);
    } else {
        const auto first = rest.find(delimiter);
        if (first == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(first + delimiter.size());
    }
    Fields fields;
    while (!rest.starts_with("--")) {
        // Padding in transport (RFC 2046 section 5.1.1).
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
        const auto headers = rest.find("\r\n\r\n");
        const auto end = rest.find(delimiter);
        // At 0 it is the end of a part's headers that has none, and so no name.
        if (!rest.starts_with("\r\n") || headers == 0 || headers == std::string_view::npos ||
            end == std::string_view::npos || headers > end)
            return std::nullopt;
        const std::string_view name = name_of_part(rest.substr(2, headers - 2));
        // Of a part without content the blank line's end is the delimiter's beginning.
        const auto start = std::min(headers + 4, end);
        if (name.empty()) return std::nullopt;
        fields.emplace_back(name, rest.substr(start, end - start));
        rest.remove_prefix(end + delimiter.size());
    }
    return fields;
}

std::optional<std::string> to_json(const std::optional<Fields>& fields) {
    if (!fields) return std::nullopt;
    std::string text;
    contract::JsonWriter json(text);
    json.begin_object();
    for (const auto& [name, value] : *fields) {
        if (!base::is_utf8(name) || !base::is_utf8(value)) return std::nullopt;
        json.field(name, value);
    }
    json.end_object();
    return text;
}

}  // namespace

std::optional<std::string> body_as_json(const http::Request& request) {
    const std::string type = request.header("content-type").value_or("");
    if (is_type(type, "multipart/form-data"))
        return to_json(read_multipart(request.body, parameter(type, "boundary")));
    const auto first = request.body.find_first_not_of(" \t\r\n");
    const bool is_object = first != std::string::npos && request.body[first] == '{';
    if (is_type(type, "application/x-www-form-urlencoded") && !is_object)
        return to_json(http::read_form(request.body));
    return request.body;
}

}  // namespace stockroom::gateway
