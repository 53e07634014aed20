#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "stockroom/http/limits.hpp"
#include "stockroom/http/problem.hpp"

namespace stockroom::http {

/// The checks on a request's raw header block (RFC 9112 sections 2 to 6) that keep two readers from
/// seeing two different requests. They stand before Beast's parser, which is more lenient. Every
/// error closes the connection: what follows cannot be told apart any more. docs/http.md has them
/// as a table.

/// The request line without its CRLF. Errors: 400 malformed_request, 414 target_too_long,
/// 501 method_not_implemented, 505 version_not_supported.
[[nodiscard]] std::expected<void, Problem> check_request_line(std::string_view line,
                                                              const Limits& limits);

/// The whole block: request line, fields, the empty line, each with its CRLF. Errors: those of the
/// request line, 400 malformed_request, 431 header_too_large.
[[nodiscard]] std::expected<void, Problem> check_framing(std::string_view block,
                                                         const Limits& limits);

/// Looks for the end of a header block while its bytes arrive, and refuses it as early as can be:
/// at the first bad byte of the request line, bare LF or exceeded limit.
class HeaderScan {
  public:
    /// `bytes` is everything of the request that has arrived, each time longer than before. Gives
    /// the length of the block once its empty line is there and check_framing passed, 0 until then.
    [[nodiscard]] std::expected<std::size_t, Problem> advance(std::string_view bytes,
                                                              const Limits& limits);

  private:
    std::expected<void, Problem> check_unfinished(std::string_view bytes,
                                                  const Limits& limits) const;

    std::size_t line_start_ = 0;
    std::size_t scanned_ = 0;
};

}  // namespace stockroom::http
