#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace stockroom::http {

/// A range of IP addresses.
class Network {
  public:
    /// Reads "192.0.2.0/24", "2001:db8::/32" (RFC 4632, RFC 4291), or one address alone. The error
    /// says what is wrong.
    [[nodiscard]] static std::expected<Network, std::string> parse(std::string_view text);

    /// False also for what is no address. An IPv4 address is in no IPv6 network.
    [[nodiscard]] bool contains(std::string_view address) const;

  private:
    explicit Network(boost::asio::ip::network_v4 network) : v4_(network) {}
    explicit Network(boost::asio::ip::network_v6 network) : is_v6_(true), v6_(network) {}

    bool is_v6_ = false;
    boost::asio::ip::network_v4 v4_;
    boost::asio::ip::network_v6 v6_;
};

}  // namespace stockroom::http
