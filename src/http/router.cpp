#include "stockroom/http/router.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "stockroom/base/check.hpp"
#include "stockroom/http/problem.hpp"

#include "percent.hpp"

namespace stockroom::http {
namespace {

struct Segment {
    std::string text;  // of a parameter: its name
    bool is_parameter = false;
};

struct Route {
    std::string pattern;
    std::vector<Segment> segments;
    std::vector<std::pair<std::string, Handler>> handlers;  // by method

    const Handler* added(std::string_view method) const {
        for (const auto& [other, handler] : handlers) {
            if (other == method) return &handler;
        }
        return nullptr;
    }

    const Handler* answering(std::string_view method) const {
        const Handler* handler = added(method);
        return handler == nullptr && method == "HEAD" ? added("GET") : handler;
    }
};

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        path.remove_prefix(1);  // '/'
        const auto end = std::min(path.find('/'), path.size());
        segments.push_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return segments;
}

std::vector<Segment> parse_pattern(std::string_view pattern) {
    CHECK(pattern.starts_with('/'), "a route's pattern starts with '/'");
    std::vector<Segment> segments;
    for (const std::string_view text : split(pattern)) {
        if (text.starts_with('{') && text.ends_with('}')) {
            segments.push_back({std::string(text.substr(1, text.size() - 2)), true});
        } else {
            segments.push_back({std::string(text), false});
        }
    }
    return segments;
}

bool matches(const Route& route, const std::vector<std::string>& segments) {
    return std::ranges::equal(
        route.segments, segments, [](const Segment& wanted, const std::string& given) {
            return wanted.is_parameter ? !given.empty() : wanted.text == given;
        });
}

/// Exact segments before parameters, from the left.
bool comes_first(const Route& a, const Route& b) {
    return std::ranges::lexicographical_compare(a.segments, b.segments, {}, &Segment::is_parameter,
                                                &Segment::is_parameter);
}

std::optional<std::vector<std::string>> decode_segments(std::string_view path) {
    std::vector<std::string> decoded;
    for (const std::string_view segment : split(path)) {
        auto text = percent_decode(segment, PlusSign::literal);
        if (!text) return std::nullopt;
        decoded.push_back(*std::move(text));
    }
    return decoded;
}

std::string allowed_methods(const std::vector<const Route*>& routes) {
    std::vector<std::string_view> methods{"OPTIONS"};
    for (const Route* route : routes) {
        for (const auto& [method, handler] : route->handlers) {
            methods.push_back(method);
            if (method == "GET") methods.push_back("HEAD");
        }
    }
    std::ranges::sort(methods);
    const auto repeated = std::ranges::unique(methods);
    methods.erase(repeated.begin(), repeated.end());
    std::string list;
    for (const std::string_view method : methods)
        list.append(list.empty() ? "" : ", ").append(method);
    return list;
}

Response answer_without_handler(std::string_view method, const std::vector<const Route*>& routes) {
    if (routes.empty()) {
        return to_response({.status = 404,
                            .type = "not_found",
                            .title = "There is no such resource",
                            .detail = "No route has this path."});
    }
    Response response;
    if (method == "OPTIONS") {
        response.status = 204;
    } else {
        response = to_response({.status = 405,
                                .type = "method_not_allowed",
                                .title = "The method is not allowed here",
                                .detail = "The Allow header names the methods of this path."});
    }
    response.headers.emplace_back("Allow", allowed_methods(routes));
    return response;
}

}  // namespace

struct Router::Table {
    std::vector<std::unique_ptr<Route>> routes;  // as comes_first orders them
    /// Those without parameters, by pattern: the short way for most of them.
    std::unordered_map<std::string_view, const Route*> exact;
};

Router::Router() : table_(std::make_unique<Table>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(std::string_view method, std::string_view pattern, Handler handler) {
    auto& routes = table_->routes;
    auto at = std::ranges::find(
        routes, pattern, [](const auto& route) -> std::string_view { return route->pattern; });
    if (at == routes.end()) {
        auto route = std::make_unique<Route>(std::string(pattern), parse_pattern(pattern));
        if (std::ranges::none_of(route->segments, &Segment::is_parameter))
            table_->exact.emplace(route->pattern, route.get());
        at = routes.insert(
            std::ranges::upper_bound(routes, *route, comes_first,
                                     [](const auto& other) -> const Route& { return *other; }),
            std::move(route));
    }
    CHECK((*at)->added(method) == nullptr, "a route is added once");
    (*at)->handlers.emplace_back(std::string(method), std::move(handler));
}

std::variant<Router::Match, Response> Router::match(Request& request) const {
    const auto exact = table_->exact.find(request.path);
    if (exact != table_->exact.end()) {
        const Route& route = *exact->second;
        if (const Handler* handler = route.answering(request.method))
            return Match{handler, route.pattern};
    }
    const auto segments = decode_segments(request.path);
    if (!segments) {
        return to_response({.status = 400,
                            .type = "malformed_path",
                            .title = "The path is malformed",
                            .detail = "Its segments must be percent-encoded UTF-8 without NUL."});
    }
    std::vector<const Route*> matching;
    for (const auto& route : table_->routes) {
        if (!matches(*route, *segments)) continue;
        if (const Handler* handler = route->answering(request.method)) {
            for (std::size_t i = 0; i < segments->size(); ++i) {
                if (route->segments[i].is_parameter)
                    request.path_parameters[route->segments[i].text] = (*segments)[i];
            }
            return Match{handler, route->pattern};
        }
        matching.push_back(route.get());
    }
    return answer_without_handler(request.method, matching);
}

}  // namespace stockroom::http
