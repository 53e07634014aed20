#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stockroom::http {

/// A request that passed the framing checks, as a handler sees it. Owned by the handler.
struct Request {
    std::string method;  // "GET"
    std::string path;    // as sent, still percent-encoded, without the query
    std::string id;      // what X-Request-Id answers: the client's own if it is 1 to 128 visible
                         // ASCII characters, else a fresh UUID
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::map<std::string, std::string, std::less<>> path_parameters;  // "{sku}" → decoded text
    std::vector<std::pair<std::string, std::string>> query;           // decoded, in order

    /// The only value of a header; empty when it is missing. Several of one name are joined by ", ".
    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    /// For the request's log line; empty when no command was sent.
    std::string command_id;
};

}  // namespace stockroom::http
