#include "generator_answers.hpp"

#include <utility>

#include "problems.hpp"

namespace stockroom::gateway {

namespace {

/// It answers from memory.
constexpr std::chrono::seconds kPatience{1};

}  // namespace

GeneratorAnswers::Answer GeneratorAnswers::get() {
    return pass_on("GET", "/v1/generator");
}

GeneratorAnswers::Answer GeneratorAnswers::start() {
    return pass_on("POST", "/v1/generator/start");
}

GeneratorAnswers::Answer GeneratorAnswers::stop() {
    return pass_on("POST", "/v1/generator/stop");
}

GeneratorAnswers::Answer GeneratorAnswers::pass_on(std::string method, std::string target) {
    PeerRequest request{.method = std::move(method), .target = std::move(target)};
    auto told = co_await generator_.ask(context_, std::move(request), base::in(kPatience));
    if (!told) co_return http::to_response(generator_unavailable(told.error()));
    if (told->status != 200)
        co_return http::to_response(
            generator_unavailable("it answers " + std::to_string(told->status)));
    http::Response response;
    response.body = std::move(told->body);
    co_return response;
}

}  // namespace stockroom::gateway
