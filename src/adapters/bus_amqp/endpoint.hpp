#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace stockroom::bus_amqp {

/// Where a broker is, and who we are there.
struct Endpoint {
    std::string host;
    std::uint16_t port = 5672;
    std::string vhost;
    std::string user;
    std::string password;
    bool tls = false;
    std::string ca_file;  // with tls: who may sign the broker's certificate
};

/// Reads amqp://user:password@host:port/vhost or amqps://… (rabbitmq.com, "URI Specification");
/// what is left out is RabbitMQ's default, an empty vhost too. The error never shows the password.
[[nodiscard]] std::expected<Endpoint, std::string> parse_url(const std::string& url,
                                                             const std::string& ca_file);

}  // namespace stockroom::bus_amqp
