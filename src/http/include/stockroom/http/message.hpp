#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stockroom/http/stream.hpp"

namespace stockroom::http {

/// A request that passed the framing checks, as a handler sees it. Owned by the handler.
struct Request {
    std::string method;  // "GET"
    std::string path;    // as sent, still percent-encoded, without the query
    std::string id;      // what X-Request-Id answers: the client's own if it is 1 to 128 visible
                         // ASCII characters, else a fresh UUID
    std::string peer;    // the client's IP address, an IPv4 one as such; empty: it is gone
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;         // names in lower case
    std::map<std::string, std::string, std::less<>> path_parameters;  // "sku" → decoded text
    std::vector<std::pair<std::string, std::string>> query;           // decoded, in order

    /// The value of a header, by its name in lower case; empty when it is missing. Several of one
    /// name are joined by ", ".
    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

/// Whether the body is said to be JSON: "application/json" with any parameters, of which charset
/// must be utf-8 (RFC 9110 section 8.3).
[[nodiscard]] bool is_json(const Request& request);

/// Whether Accept names application/json, and no text/plain or Prometheus format that it would
/// rather have (RFC 9110 section 12.5.1): of what is answered both as JSON and as text.
[[nodiscard]] bool wants_json(const Request& request);
/// The pairs of a body or query as a form writes them (application/x-www-form-urlencoded), decoded,
/// in order. Empty when it is not percent-encoded UTF-8 without NUL.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> read_form(
    std::string_view text);

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body{};
    /// Beside those that the server writes on every answer (docs/http.md). A Cache-Control here
    /// takes the place of "no-store". REQUIRES: names are tokens, no control characters in values.
    std::vector<std::pair<std::string, std::string>> headers{};
    /// For the request's log line; empty when no command was sent.
    std::string command_id{};
    /// Writes the body over time, in the place of `body`: the head goes out at once, then each
    /// write as a chunk (HTTP/1.0: as it is), and the connection closes at its end. Not run for
    /// HEAD. What the client sends meanwhile is dropped; that it sends no more ends the stream.
    StreamBody stream{};
};

}  // namespace stockroom::http
