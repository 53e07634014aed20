#include "tcp_proxy.hpp"

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace stockroom::conformance {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// AMQP 0-9-1, 4.2.3 and 4.2.7.
constexpr std::string_view kHeartbeat{"\x08\0\0\0\0\0\0\xCE", 8};

/// So small that a client notices soon when nobody reads.
constexpr int kBufferBytes = 65'536;

}  // namespace

TcpProxy::TcpProxy(Address target)
    : target_(std::move(target)),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    // What is accepted inherits it.
    setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof kBufferBytes);
    if (bind(listener_, generic, size) != 0 || listen(listener_, 64) != 0 ||
        getsockname(listener_, generic, &size) != 0)
        fail("listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

TcpProxy::~TcpProxy() {
    {
        const base::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    wake();
    thread_.join();
    const base::lock_guard lock(mutex_);
    close_all();
    close(listener_);
    close(wake_);
}

std::string TcpProxy::address() const {
    return "127.0.0.1:" + std::to_string(port_);
}

void TcpProxy::set(Mode mode) {
    {
        const base::lock_guard lock(mutex_);
        mode_ = mode;
        if (mode == Mode::refuse) close_all();
    }
    wake();
}

void TcpProxy::cut() {
    {
        const base::lock_guard lock(mutex_);
        close_all();
    }
    wake();
}

std::size_t TcpProxy::connections() {
    const base::lock_guard lock(mutex_);
    return connections_;
}

std::vector<std::size_t> TcpProxy::heartbeats() {
    const base::lock_guard lock(mutex_);
    std::vector<std::size_t> counts;
    for (const auto& [client, count] : heartbeats_)
        counts.push_back(count);
    return counts;
}

void TcpProxy::wake() {
    const std::uint64_t one = 1;
    if (write(wake_, &one, sizeof one) < 0) fail("write");
}

void TcpProxy::run() {
    while (true) {
        std::vector<pollfd> descriptors{{.fd = wake_, .events = POLLIN, .revents = 0},
                                        {.fd = listener_, .events = POLLIN, .revents = 0}};
        {
            const base::lock_guard lock(mutex_);
            if (is_stopping_) return;
            if (mode_ == Mode::pass) {
                for (const auto& [from, to] : other_)
                    descriptors.push_back({.fd = from, .events = POLLIN, .revents = 0});
            }
        }
        (void)poll(descriptors.data(), descriptors.size(), -1);

        const base::lock_guard lock(mutex_);
        std::uint64_t wakes = 0;
        [[maybe_unused]] const auto got = read(wake_, &wakes, sizeof wakes);
        if (descriptors[1].revents != 0) accept_one();
        for (std::size_t i = 2; i < descriptors.size(); ++i) {
            const auto found = other_.find(descriptors[i].fd);
            if (descriptors[i].revents == 0 || found == other_.end()) continue;
            const auto [from, to] = *found;
            if (hand_on(from, to)) continue;
            for (const int socket : {from, to}) {
                other_.erase(socket);
                heartbeats_.erase(socket);
            }
            close(from);
            close(to);
        }
    }
}

bool TcpProxy::hand_on(int from, int to) {
    char bytes[65'536];
    const auto size = recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN;
    const auto client = heartbeats_.find(from);
    if (client != heartbeats_.end() &&
        std::string_view(bytes, static_cast<std::size_t>(size)) == kHeartbeat)
        ++client->second;
    for (ssize_t sent = 0; sent < size;) {
        const auto part =
            send(to, bytes + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
        if (part < 0) return false;
        sent += part;
    }
    return size > 0;
}

void TcpProxy::accept_one() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    ++connections_;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const bool is_known =
        getaddrinfo(target_.host.c_str(), target_.port.c_str(), &hints, &found) == 0;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_open = is_known && mode_ != Mode::refuse &&
                         connect(server, found->ai_addr, found->ai_addrlen) == 0;
    if (is_known) freeaddrinfo(found);
    if (!is_open) {
        close(client);
        close(server);
        return;
    }
    const int yes = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    heartbeats_.emplace(client, 0);
    other_.emplace(client, server);
    other_.emplace(server, client);
}

void TcpProxy::close_all() {
    heartbeats_.clear();
    for (const auto& [from, to] : std::exchange(other_, {}))
        close(from);
}

}  // namespace stockroom::conformance
