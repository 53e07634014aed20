#include "stockroom/http_client/url.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

namespace stockroom::http_client {

namespace {

std::string wrong(std::string_view flag, std::string_view text, std::string_view why) {
    return fmt::format("{}: \"{}\" {}; give http://HOST:PORT", flag, text, why);
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

}  // namespace stockroom::http_client
