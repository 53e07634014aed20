#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "stockroom/http/limits.hpp"
#include "stockroom/http/message.hpp"
#include "stockroom/http/problem.hpp"

#include "chunk_decoder.hpp"

namespace stockroom::http {

/// Fills one Request: Beast's parser reads a header block that passed check_framing; the body's
/// bytes are taken as they arrive.
class RequestParser final : public boost::beast::http::basic_parser<true> {
  public:
    explicit RequestParser(const Limits& limits);

    /// REQUIRES: `block` is whole and passed check_framing. Errors: 400, 413, 417.
    [[nodiscard]] std::expected<void, Problem> put_header(std::string_view block);

    /// Takes body bytes off the front of `bytes`; gives how many. Those left are the beginning of a
    /// line that has not all arrived (hand them in again, longer), or once the request is whole,
    /// the next one's. Errors: 400 malformed_body, 413.
    [[nodiscard]] std::expected<std::size_t, Problem> put_body(std::string_view bytes);

    /// Whether the body is all there, too. REQUIRES: put_header.
    [[nodiscard]] bool is_whole() const;

    /// Whether the client waits for a "100 Continue" before it sends its body.
    [[nodiscard]] bool wants_continue() const { return wants_continue_ && !http_1_0_; }
    [[nodiscard]] bool http_1_0() const { return http_1_0_; }
    [[nodiscard]] boost::beast::http::verb method() const { return method_; }

    Request request;

  private:
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;

    // What basic_parser asks of its derived class.
    void on_request_impl(boost::beast::http::verb method, string_view method_text,
                         string_view target, int version, error_code& error) override;
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(boost::beast::http::field name, string_view name_text, string_view value,
                       error_code& error) override;
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    // The body never reaches Beast.
    std::size_t on_body_impl(string_view, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    std::expected<void, Problem> read_target(std::string_view target);

    std::size_t body_bytes_max_;
    boost::beast::http::verb method_ = boost::beast::http::verb::unknown;
    bool http_1_0_ = false;
    bool wants_continue_ = false;
    ChunkDecoder chunks_;             // when the body is chunked
    std::size_t body_bytes_ = 0;      // declared, when it is not
    std::optional<Problem> problem_;  // why a callback refused
};

}  // namespace stockroom::http
