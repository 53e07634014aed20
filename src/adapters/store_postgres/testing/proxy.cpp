#include "proxy.hpp"

#include <algorithm>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace stockroom::store_postgres {

namespace {

struct Part {
    std::size_t start;
    std::size_t end;
};

/// Where "host:port" stands in the URL.
Part authority_of(const std::string& url) {
    const auto scheme = url.find("://") + 3;
    const auto end = std::min(url.find_first_of("/?", scheme), url.size());
    const auto at = url.rfind('@', end);
    return {.start = at == std::string::npos || at < scheme ? scheme : at + 1, .end = end};
}

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
        throw std::runtime_error("the proxy needs an IPv4 address: " + host);
    return address;
}

}  // namespace

Proxy::Proxy(const std::string& server_url) {
    const auto [start, end] = authority_of(server_url);
    const auto authority = server_url.substr(start, end - start);
    const auto colon = authority.rfind(':');
    if (colon == std::string::npos) throw std::runtime_error("the proxy needs a port");
    server_host_ = authority.substr(0, colon);
    server_port_ = static_cast<std::uint16_t>(std::stoi(authority.substr(colon + 1)));

    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = address_of("127.0.0.1", 0);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 16) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        pipe(wake_) != 0)
        throw std::runtime_error("the proxy cannot listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

Proxy::~Proxy() {
    ended_ = true;
    wake();
    thread_.join();
    for (const auto& [client, server] : pairs_) {
        close(client);
        close(server);
    }
    for (const int file : {listener_, wake_[0], wake_[1]})
        close(file);
}

std::string Proxy::url(const std::string& server_url) const {
    const auto [start, end] = authority_of(server_url);
    return fmt::format("{}127.0.0.1:{}{}", server_url.substr(0, start), port_,
                       server_url.substr(end));
}

void Proxy::go_on() {
    stalled_ = false;
    wake();
}

void Proxy::wake() const {
    if (write(wake_[1], ".", 1) != 1) std::abort();
}

void Proxy::run() {
    while (!ended_) {
        std::vector<pollfd> files{{.fd = wake_[0], .events = POLLIN, .revents = 0},
                                  {.fd = listener_, .events = POLLIN, .revents = 0}};
        if (!stalled_) {
            for (const auto& [client, server] : pairs_) {
                files.push_back({.fd = client, .events = POLLIN, .revents = 0});
                files.push_back({.fd = server, .events = POLLIN, .revents = 0});
            }
        }
        if (poll(files.data(), files.size(), -1) < 0) continue;
        char byte = 0;
        if (files[0].revents != 0 && read(wake_[0], &byte, 1) != 1) return;
        // What came while it was told to stall is not forwarded any more.
        for (std::size_t i = files.size(); !stalled_ && i > 2; i -= 2) {
            const auto place = (i - 2) / 2 - 1;
            const auto [client, server] = pairs_[place];
            const bool stands = (files[i - 2].revents == 0 || forward(client, server)) &&
                                (files[i - 1].revents == 0 || forward(server, client));
            if (stands) continue;
            close(client);
            close(server);
            pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(place));
        }
        if (files[1].revents != 0) accept_one();
    }
}

void Proxy::accept_one() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = address_of(server_host_, server_port_);
    if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        close(client);
        close(server);
        return;
    }
    pairs_.push_back({.client = client, .server = server});
}

bool Proxy::forward(int from, int to) {
    char bytes[16'384];
    const auto size = recv(from, bytes, sizeof bytes, 0);
    for (ssize_t sent = 0; sent < size;) {
        const auto part =
            send(to, bytes + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
        if (part <= 0) return false;
        sent += part;
    }
    return size > 0;
}

}  // namespace stockroom::store_postgres
