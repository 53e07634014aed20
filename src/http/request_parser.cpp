#include "request_parser.hpp"

#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "percent.hpp"

namespace stockroom::http {
namespace {

namespace beast_http = boost::beast::http;

/// A chunk line is its size and extensions; nobody needs long ones (RFC 9112 section 7.1.1).
constexpr std::size_t kChunkExtensionBytesMax = 256;
/// A chunk line, or the trailers behind the last chunk, while not all of it has arrived.
constexpr std::size_t kUnfinishedBytesMax = 4096;

Problem malformed_body(std::string detail) {
    return {.status = 400,
            .type = "malformed_body",
            .title = "The body's chunked encoding is malformed",
            .detail = std::move(detail)};
}

Problem body_too_large(std::size_t bytes_max) {
    return {.status = 413,
            .type = "body_too_large",
            .title = "The body is too large",
            .detail = "At most " + std::to_string(bytes_max) + " bytes are taken."};
}

Problem malformed_request(std::string detail) {
    return {.status = 400,
            .type = "malformed_request",
            .title = "The request is malformed",
            .detail = std::move(detail)};
}

}  // namespace

RequestParser::RequestParser(const Limits& limits) : body_bytes_max_(limits.body_bytes) {
    // Ours are checked: the header's by HeaderScan, the body's in append().
    header_limit(UINT32_MAX);
    body_limit(boost::none);
    eager(true);
}

std::expected<void, Problem> RequestParser::put_header(std::string_view block) {
    error_code error;
    eager(false);
    put(boost::asio::buffer(block), error);
    eager(true);
    in_header_ = false;
    if (problem_) return std::unexpected(*std::move(problem_));
    if (error || !is_header_done()) return std::unexpected(malformed_request(error.message()));
    if (content_length().value_or(0) > body_bytes_max_)
        return std::unexpected(body_too_large(body_bytes_max_));
    return {};
}

std::expected<std::size_t, Problem> RequestParser::put_body(std::string_view bytes) {
    error_code error;
    const std::size_t taken = put(boost::asio::buffer(bytes), error);
    if (problem_) return std::unexpected(*std::move(problem_));
    if (error && error != beast_http::error::need_more)
        return std::unexpected(malformed_body(error.message()));
    if (!is_done() && bytes.size() - taken > kUnfinishedBytesMax)
        return std::unexpected(malformed_body("A chunk line or the trailers are too long."));
    return taken;
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
    std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(pair.substr(0, equals), PlusSign::space);
        auto value =
            percent_decode(pair.substr(std::min(equals + 1, pair.size())), PlusSign::space);
        if (!name || !value)
            return std::unexpected(
                malformed_request("The query must be percent-encoded UTF-8 without NUL."));
        request.query.emplace_back(*std::move(name), *std::move(value));
    }
    return {};
}

void RequestParser::on_field_impl(beast_http::field name, string_view name_text, string_view value,
                                  error_code& error) {
    if (!in_header_) return;
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

std::size_t RequestParser::on_body_impl(string_view bytes, error_code& error) {
    return append(bytes, error);
}

void RequestParser::on_chunk_header_impl(std::uint64_t size, string_view extensions,
                                         error_code& error) {
    if (extensions.size() > kChunkExtensionBytesMax) {
        problem_ = malformed_body("A chunk's extensions are too long.");
        error = beast_http::error::bad_chunk_extension;
    } else if (size > body_bytes_max_ - request.body.size()) {
        problem_ = body_too_large(body_bytes_max_);
        error = beast_http::error::body_limit;
    }
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t /*remaining*/, string_view bytes,
                                              error_code& error) {
    return append(bytes, error);
}

std::size_t RequestParser::append(string_view bytes, error_code& error) {
    if (bytes.size() > body_bytes_max_ - request.body.size()) {
        problem_ = body_too_large(body_bytes_max_);
        error = beast_http::error::body_limit;
        return 0;
    }
    request.body.append(bytes);
    return bytes.size();
}

}  // namespace stockroom::http
