#include "stockroom/http_client/url.hpp"

#include <utility>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>
#include <sodium.h>

namespace stockroom::http_client {

namespace {

std::string wrong(std::string_view flag, std::string_view text, std::string_view why) {
    return fmt::format("{}: \"{}\" {}; give http://HOST:PORT", flag, text, why);
}

/// RFC 4648 section 4.
std::string to_base64(std::string_view bytes) {
    std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(),
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    text.pop_back();  // the NUL that it writes at the end
    return text;
}

}  // namespace

std::expected<ServerUrl, std::string> ServerUrl::parse(std::string_view text,
                                                       std::string_view flag) {
    const auto url = boost::urls::parse_uri({text.data(), text.size()});
    if (!url || url->host_name().empty()) {
        // An IP address has no host_name.
        if (!url || url->host_address().empty())
            return std::unexpected(wrong(flag, text, "is no URL"));
    }
    if (url->scheme_id() != boost::urls::scheme::http)
        return std::unexpected(wrong(flag, text, "is not an http URL, and no other can be spoken"));
    if (url->has_userinfo() || url->has_query() || url->has_fragment())
        return std::unexpected(wrong(flag, text, "has more than a host, a port and a path"));
    if (url->has_port() && url->port_number() == 0)
        return std::unexpected(wrong(flag, text, "has no usable port"));

    ServerUrl server;
    server.host = url->host_address();
    server.port = url->has_port() ? url->port_number() : std::uint16_t{80};
    const auto host_and_port = url->encoded_host_and_port();
    server.host_header.assign(host_and_port.data(), host_and_port.size());
    const auto path = url->encoded_path();
    server.base_path.assign(path.data(), path.size());
    while (server.base_path.ends_with('/'))
        server.base_path.pop_back();
    return server;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kUnreserved =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (const char c : text) {
        if (kUnreserved.contains(c)) {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return encoded;
}

std::expected<LoginUrl, std::string> LoginUrl::parse(std::string_view text, std::string_view flag) {
    const auto scheme = text.find("://");
    const auto start = scheme == std::string_view::npos ? 0 : scheme + 3;
    const auto at = text.rfind('@');
    const bool has_login = at != std::string_view::npos && at >= start;
    // Without the login, so that no message can show it.
    std::string bare(text.substr(0, start));
    bare += text.substr(has_login ? at + 1 : start);
    auto server = ServerUrl::parse(bare, flag);
    if (!server) return std::unexpected(std::move(server.error()));
    LoginUrl login{.server = *std::move(server), .authorization = {}};
    if (!has_login) return login;
    const auto url = boost::urls::parse_uri({text.data(), text.size()});
    // Boost 1.81 reads a second @ as part of the host.
    if (!url || !url->has_userinfo() || text.substr(start, at - start).contains('@'))
        return std::unexpected(fmt::format(
            "{}: the user and the password before the @ must be percent-encoded: @ is %40, / is "
            "%2F, : is %3A",
            flag));
    login.authorization = "Basic " + to_base64(url->userinfo());
    return login;
}

}  // namespace stockroom::http_client
