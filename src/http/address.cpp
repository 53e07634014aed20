#include <charconv>

#include <boost/asio/ip/address.hpp>

#include "stockroom/http/server.hpp"

namespace stockroom::http {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return port;
}

}  // namespace

std::expected<Address, std::string> Address::parse(std::string_view text) {
    const auto complaint = [text](std::string_view what) {
        return std::unexpected(std::string("\"").append(text).append("\": ").append(what));
    };
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return complaint("no port; write HOST:PORT");
    const auto port = parse_port(text.substr(colon + 1));
    if (!port) return complaint("the port must be a number from 0 to 65535");

    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (host == "localhost" && !bracketed) host = "127.0.0.1";
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(std::string(host), error);
    if (error) return complaint("the host must be an IP address or localhost");
    if (address.is_v6() != bracketed)
        return complaint("an IPv6 address, and no other, stands in brackets, as in [::1]:8080");
    return Address{std::string(host), *port};
}

std::string Address::to_string() const {
    const std::string shown = host.contains(':') ? "[" + host + "]" : host;
    return shown + ":" + std::to_string(port);
}

}  // namespace stockroom::http
