#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace stockroom::http_client {

/// Where a gateway is.
struct ServerUrl {
    std::string host;  // a name or an address, the latter without brackets
    std::uint16_t port = 80;
    std::string host_header;  // "127.0.0.1:8080", "[::1]:8080"
    std::string base_path;    // what stands before "/v1"; no slash at its end

    /// Reads "http://HOST[:PORT][/PATH]" (RFC 3986). The error is for people.
    [[nodiscard]] static std::expected<ServerUrl, std::string> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const { return "http://" + host_header + base_path; }
};

}  // namespace stockroom::http_client
