#include "generator_answers.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "stockroom/contract/json.hpp"

#include "problems.hpp"

namespace stockroom::gateway {

namespace {

/// It answers from memory.
constexpr std::chrono::seconds kPatience{1};

/// What its orders are is said by its flags: a member of a body would be passed over.
std::optional<http::Problem> refuse_members(std::string_view body) {
    if (body.empty()) return std::nullopt;
    auto json = contract::read_json(body);
    if (!json) return malformed_json(std::move(json.error().detail), std::move(json.error().field));
    const auto* object = json->as<contract::JsonValue::Object>();
    if (object == nullptr) return malformed_json("this must be an object", "");
    if (object->empty()) return std::nullopt;
    return invalid_field(object->front().first,
                         "is not known: how fast it is, and what its orders are, is said by the "
                         "generator's flags");
}

GeneratorAnswers::Answer at_once(http::Problem problem) {
    co_return http::to_response(problem);
}

}  // namespace

GeneratorAnswers::Answer GeneratorAnswers::get() {
    return pass_on("GET", "/v1/generator");
}

GeneratorAnswers::Answer GeneratorAnswers::start(const http::Request& request) {
    return change(request, "/v1/generator/start");
}

GeneratorAnswers::Answer GeneratorAnswers::stop(const http::Request& request) {
    return change(request, "/v1/generator/stop");
}

GeneratorAnswers::Answer GeneratorAnswers::change(const http::Request& request,
                                                  std::string target) {
    if (auto problem = refuse_members(request.body)) return at_once(*std::move(problem));
    return pass_on("POST", std::move(target));
}

GeneratorAnswers::Answer GeneratorAnswers::pass_on(std::string method, std::string target) {
    const bool may_be_done = method != "GET";
    PeerRequest request{.method = std::move(method), .target = std::move(target)};
    auto told = co_await generator_.ask(context_, std::move(request), base::in(kPatience));
    if (!told) {
        co_return http::to_response(generator_unavailable(
            may_be_done ? told.error() + "; it may do what it was told all the same"
                        : told.error()));
    }
    if (told->status != 200)
        co_return http::to_response(
            generator_unavailable("it answers " + std::to_string(told->status)));
    http::Response response;
    response.body = std::move(told->body);
    co_return response;
}

}  // namespace stockroom::gateway
