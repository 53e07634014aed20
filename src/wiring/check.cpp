#include "check.hpp"

#include <chrono>
#include <iostream>
#include <iterator>

#include <boost/asio/ip/tcp.hpp>

#include "stockroom/runtime/command_line.hpp"

namespace stockroom::wiring {

namespace {

using boost::asio::ip::tcp;

constexpr std::chrono::seconds kPatience{5};

/// Where a service that listens everywhere can be reached from here.
http::Address reachable(http::Address address) {
    if (address.host == "0.0.0.0") address.host = "127.0.0.1";
    if (address.host == "::") address.host = "::1";
    return address;
}

int fail(int exit_code, const std::string& why) {
    std::cerr << why << '\n';
    return exit_code;
}

}  // namespace

int check(const ServiceFlags& flags) {
    const auto listen = read_listen(flags);
    if (!listen) return fail(runtime::kExitUsage, listen.error());
    const http::Address address = reachable(*listen);
    tcp::iostream stream;
    stream.expires_after(kPatience);
    stream.connect(tcp::endpoint(boost::asio::ip::make_address(address.host), address.port));
    if (!stream)
        return fail(runtime::kExitFailed,
                    "http://" + address.to_string() + ": " + stream.error().message());
    stream << "GET /" << flags.check << " HTTP/1.1\r\nHost: " << address.to_string()
           << "\r\nConnection: close\r\n\r\n"
           << std::flush;
    std::string status;
    std::getline(stream, status);
    if (status.starts_with("HTTP/1.1 200")) return runtime::kExitDone;
    const std::string rest(std::istreambuf_iterator<char>(stream), {});
    const auto body = rest.find("\r\n\r\n");
    return fail(runtime::kExitFailed,
                "/" + flags.check + ": " +
                    (body == std::string::npos ? "no answer" : rest.substr(body + 4)));
}

}  // namespace stockroom::wiring
