#pragma once

#include <string>
#include <string_view>

#include "stockroom/http/message.hpp"

namespace stockroom::http {

/// The Date header's line, made anew once a second (RFC 9110 section 6.6.1).
class DateLine {
  public:
    /// "Date: Sat, 21 Nov 2026 10:00:00 GMT\r\n". The view holds until the next call.
    [[nodiscard]] std::string_view now();
    [[nodiscard]] std::string_view at(std::int64_t seconds);

  private:
    std::int64_t seconds_ = -1;
    std::string line_;
};

enum class Persistence {
    keep,      // the default of HTTP/1.1: nothing is said
    keep_1_0,  // "Connection: keep-alive", for HTTP/1.0
    close,
};

/// How a client finds the body's end (RFC 9112 section 6).
enum class Framing {
    length,   // of Response::body
    chunked,  // of Response::stream
    close,    // of Response::stream, for HTTP/1.0
};

/// Appends the status line and all headers, the empty line included (RFC 9112 section 4).
void append_head(std::string& out, const Response& response, std::string_view date_line,
                 std::string_view request_id, Persistence persistence,
                 Framing framing = Framing::length);

/// Whether an answer of this status has a body (RFC 9110 section 6.4.1).
[[nodiscard]] bool may_have_body(int status);

/// Whether the response's own headers can be written as they are: token names, no control
/// characters.
[[nodiscard]] bool is_writable(const Response& response);

}  // namespace stockroom::http
