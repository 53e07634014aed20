#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace stockroom::http_client {

/// Where a server is.
struct ServerUrl {
    std::string host;  // a name or an address, the latter without brackets
    std::uint16_t port = 80;
    std::string host_header;  // "127.0.0.1:8080", "[::1]:8080"
    std::string base_path;    // what stands before "/v1"; no slash at its end

    /// Reads "http://HOST[:PORT][/PATH]" (RFC 3986), as it was given by this flag. The error is
    /// for people.
    [[nodiscard]] static std::expected<ServerUrl, std::string> parse(
        std::string_view text, std::string_view flag = "--url");
    [[nodiscard]] std::string to_string() const { return "http://" + host_header + base_path; }
};

/// Everything but unreserved characters as %XX (RFC 3986 section 2.3).
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// Where a server is, and who asks there.
struct LoginUrl {
    ServerUrl server;
    std::string authorization;  // of the header: Basic (RFC 7617); empty: nobody is named

    /// Reads "http://USER:PASSWORD@HOST[:PORT][/PATH]", both percent-encoded. The error is for
    /// people, and shows no password.
    [[nodiscard]] static std::expected<LoginUrl, std::string> parse(std::string_view text,
                                                                    std::string_view flag);
};

}  // namespace stockroom::http_client
