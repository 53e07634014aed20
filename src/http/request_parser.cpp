#include "request_parser.hpp"

#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace stockroom::http {
namespace {

namespace beast_http = boost::beast::http;

Problem malformed_request(std::string detail) {
    return {.status = 400,
            .type = "malformed_request",
            .title = "The request is malformed",
            .detail = std::move(detail)};
}

}  // namespace

RequestParser::RequestParser(const Limits& limits) : body_bytes_max_(limits.body_bytes) {
    header_limit(UINT32_MAX);  // HeaderScan has checked limits.header_bytes
    body_limit(boost::none);   // put_header and ChunkDecoder check limits.body_bytes
}

std::expected<void, Problem> RequestParser::put_header(std::string_view block) {
    error_code error;
    put(boost::asio::buffer(block), error);
    if (problem_) return std::unexpected(*std::move(problem_));
    if (error || !is_header_done()) return std::unexpected(malformed_request(error.message()));
    if (content_length().value_or(0) > body_bytes_max_)
        return std::unexpected(body_too_large(body_bytes_max_));
    body_bytes_ = static_cast<std::size_t>(content_length().value_or(0));
    return {};
}

std::expected<std::size_t, Problem> RequestParser::put_body(std::string_view bytes) {
    if (chunked()) return chunks_.decode(bytes, request.body, body_bytes_max_);
    const std::string_view taken = bytes.substr(0, body_bytes_ - request.body.size());
    request.body.append(taken);
    return taken.size();
}

bool RequestParser::is_whole() const {
    return chunked() ? chunks_.is_done() : request.body.size() == body_bytes_;
}

void RequestParser::on_request_impl(beast_http::verb method, string_view method_text,
                                    string_view target, int version, error_code& error) {
    method_ = method;
    http_1_0_ = version == 10;
    request.method = method_text;
    if (auto read = read_target(target); !read) {
        problem_ = std::move(read.error());
        error = beast_http::error::bad_target;
    }
}

std::expected<void, Problem> RequestParser::read_target(std::string_view target) {
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    auto query = read_form(mark == std::string_view::npos ? "" : target.substr(mark + 1));
    if (!query)
        return std::unexpected(
            malformed_request("The query must be percent-encoded UTF-8 without NUL."));
    request.query = *std::move(query);
    return {};
}

void RequestParser::on_field_impl(beast_http::field name, string_view name_text, string_view value,
                                  error_code& error) {
    if (name == beast_http::field::expect) {
        wants_continue_ = boost::beast::iequals(value, "100-continue");
        if (!wants_continue_) {
            problem_ = Problem{.status = 417,
                               .type = "expectation_failed",
                               .title = "The expectation cannot be met",
                               .detail = "The only one known is 100-continue."};
            error = beast_http::error::bad_value;
        }
    }
    auto& [lower, copied] = request.headers.emplace_back(name_text, value);
    for (char& c : lower)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace stockroom::http
