#include "stockroom/http/problem.hpp"

#include <iterator>

#include <fmt/format.h>

#include "stockroom/base/text.hpp"

namespace stockroom::http {
namespace {

void append_member(std::string& json, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    json.append(",\"").append(name).append("\":");
    base::append_json_string(json, value);
}

}  // namespace

Response to_response(const Problem& problem) {
    Response response;
    response.status = problem.status;
    response.content_type = "application/problem+json";
    std::string& json = response.body;
    json.append("{\"type\":");
    base::append_json_string(json, "/problems/" + problem.type);
    append_member(json, "title", problem.title);
    fmt::format_to(std::back_inserter(json), ",\"status\":{}", problem.status);
    append_member(json, "detail", problem.detail);
    append_member(json, "field", problem.field);
    if (!problem.extension.empty()) json.append(",").append(problem.extension);
    json.push_back('}');
    if (problem.status == 429 || problem.status == 503)
        response.headers.emplace_back("Retry-After", "1");
    return response;
}

}  // namespace stockroom::http
