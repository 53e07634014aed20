#include "endpoint.hpp"

#include <amqp.h>

namespace stockroom::bus_amqp {

namespace {

constexpr const char* kSystemCaFile = "/etc/ssl/certs/ca-certificates.crt";

}  // namespace

std::expected<Endpoint, std::string> parse_url(const std::string& url, const std::string& ca_file) {
    std::string text = url;  // the parser cuts it up in place
    amqp_connection_info info{};
    amqp_default_connection_info(&info);
    if (text.find('\0') != std::string::npos ||
        amqp_parse_url(text.data(), &info) != AMQP_STATUS_OK)
        return std::unexpected("it should read amqp://user:password@host:port/vhost or amqps://…");
    Endpoint endpoint{.host = info.host,
                      .port = static_cast<std::uint16_t>(info.port),
                      .vhost = *info.vhost == '\0' ? "/" : info.vhost,
                      .user = info.user,
                      .password = info.password,
                      .tls = info.ssl != 0,
                      .ca_file = ca_file.empty() ? kSystemCaFile : ca_file};
    if (info.port < 1 || info.port > 65'535)
        return std::unexpected("its port should be from 1 to 65535");
    return endpoint;
}

}  // namespace stockroom::bus_amqp
