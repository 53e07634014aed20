#include "stockroom/wiring/check.hpp"

#include <chrono>
#include <iostream>
#include <iterator>

#include <boost/asio/ip/tcp.hpp>

#include "stockroom/runtime/command_line.hpp"

#include "service_flags.hpp"

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

void add_check(CLI::App& command, std::string& probe) {
    command
        .add_option("--check", probe,
                    "Ask the service that runs at --listen for its /livez or /readyz, and exit "
                    "with 0 when it is well and 1 when not")
        ->check(CLI::IsMember({"livez", "readyz"}))
        ->type_name("livez|readyz");
}

int check(const std::string& listen, std::string_view probe) {
    const auto listened = read_listen(listen);
    if (!listened) return fail(runtime::kExitUsage, listened.error());
    const http::Address address = reachable(*listened);
    const std::string path = "/" + std::string(probe);
    tcp::iostream stream;
    stream.expires_after(kPatience);
    stream.connect(tcp::endpoint(boost::asio::ip::make_address(address.host), address.port));
    if (!stream)
        return fail(runtime::kExitFailed,
                    "http://" + address.to_string() + ": " + stream.error().message());
    stream << "GET " << path << " HTTP/1.1\r\nHost: " << address.to_string()
           << "\r\nConnection: close\r\n\r\n"
           << std::flush;
    std::string status;
    std::getline(stream, status);
    if (status.starts_with("HTTP/1.1 200")) return runtime::kExitDone;
    const std::string rest(std::istreambuf_iterator<char>(stream), {});
    const auto body = rest.find("\r\n\r\n");
    return fail(runtime::kExitFailed,
                path + ": " + (body == std::string::npos ? "no answer" : rest.substr(body + 4)));
}

}  // namespace stockroom::wiring
