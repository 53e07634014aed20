#include "stockroom/http/network.hpp"

#include <boost/asio/ip/address.hpp>

namespace stockroom::http {

namespace ip = boost::asio::ip;

std::expected<Network, std::string> Network::parse(std::string_view text) {
    boost::system::error_code error;
    if (!text.contains('/')) {
        const auto address = ip::make_address(text, error);
        if (!error && address.is_v4()) return Network(ip::network_v4(address.to_v4(), 32));
        if (!error) return Network(ip::network_v6(address.to_v6(), 128));
    } else if (text.contains(':')) {
        const auto network = ip::make_network_v6(text, error);
        if (!error) return Network(network.canonical());
    } else {
        const auto network = ip::make_network_v4(text, error);
        if (!error) return Network(network.canonical());
    }
    return std::unexpected(std::string("\"").append(text).append(
        "\" is no network; write 192.0.2.0/24 or 2001:db8::/32"));
}

bool Network::contains(std::string_view address) const {
    boost::system::error_code error;
    const auto parsed = ip::make_address(address, error);
    if (error || parsed.is_v6() != is_v6_) return false;
    if (is_v6_) return ip::network_v6(parsed.to_v6(), v6_.prefix_length()).canonical() == v6_;
    return ip::network_v4(parsed.to_v4(), v4_.prefix_length()).canonical() == v4_;
}

}  // namespace stockroom::http
