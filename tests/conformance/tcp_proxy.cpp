#include "tcp_proxy.hpp"

#include <array>
#include <stdexcept>

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace stockroom::conformance {

namespace {

constexpr int kTickMilliseconds = 20;

int connect_to(const Address& server) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(server.host.c_str(), server.port.c_str(), &hints, &found) != 0) return -1;
    int socket = ::socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (connect(socket, found->ai_addr, found->ai_addrlen) != 0) {
        close(socket);
        socket = -1;
    }
    freeaddrinfo(found);
    return socket;
}

}  // namespace

TcpProxy::TcpProxy(const Address& server)
    : server_(server), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, generic, size) != 0 || listen(listener_, 16) != 0 ||
        getsockname(listener_, generic, &size) != 0)
        throw std::runtime_error("no port for a proxy");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

TcpProxy::~TcpProxy() {
    {
        const base::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    thread_.join();
    const base::lock_guard lock(mutex_);
    close_all();
    close(listener_);
}

std::string TcpProxy::host_and_port() const {
    return "127.0.0.1:" + std::to_string(port_);
}

void TcpProxy::cut() {
    const base::lock_guard lock(mutex_);
    close_all();
}

void TcpProxy::break_off() {
    const base::lock_guard lock(mutex_);
    close_all();
    is_broken_ = true;
}

void TcpProxy::mend() {
    const base::lock_guard lock(mutex_);
    is_broken_ = false;
}

void TcpProxy::close_all() {
    for (const auto& [client, server] : pairs_) {
        close(client);
        close(server);
    }
    pairs_.clear();
}

void TcpProxy::accept_one() {
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    const int server = is_broken_ ? -1 : connect_to(server_);
    if (server >= 0) {
        pairs_.push_back({client, server});
    } else {
        close(client);
    }
}

bool TcpProxy::pass_on(int from, int to) {
    std::array<char, 65'536> part{};
    const ssize_t size = recv(from, part.data(), part.size(), MSG_DONTWAIT);
    if (size <= 0) return size < 0 && errno == EAGAIN;
    for (ssize_t sent = 0; sent < size;) {
        const ssize_t more =
            send(to, part.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
        if (more <= 0) return false;
        sent += more;
    }
    return true;
}

void TcpProxy::run() {
    for (;;) {
        std::vector<pollfd> waiting{{.fd = listener_, .events = POLLIN, .revents = 0}};
        {
            const base::lock_guard lock(mutex_);
            if (is_stopping_) return;
            for (const auto& [client, server] : pairs_) {
                waiting.push_back({.fd = client, .events = POLLIN, .revents = 0});
                waiting.push_back({.fd = server, .events = POLLIN, .revents = 0});
            }
        }
        if (poll(waiting.data(), waiting.size(), kTickMilliseconds) <= 0) continue;
        const base::lock_guard lock(mutex_);
        if ((waiting.front().revents & POLLIN) != 0) accept_one();
        std::erase_if(pairs_, [](const Pair& pair) {
            if (pass_on(pair.client, pair.server) && pass_on(pair.server, pair.client))
                return false;
            close(pair.client);
            close(pair.server);
            return true;
        });
    }
}

}  // namespace stockroom::conformance
