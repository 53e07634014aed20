// A closed-loop HTTP/1.1 load generator: N connections, each with one request under way at a time.
// One thread, epoll and prebuilt requests, so that it takes as little as can be of the machine that
// it shares with the server. It only ever connects to loopback, and stops by itself.

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* call) {
    throw std::system_error(errno, std::generic_category(), call);
}

std::string get_request(std::uint16_t port, std::string_view path) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", path, port);
}

std::string post_request(std::uint16_t port, std::string_view path, std::string_view body) {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        path, port, body.size(), body);
}

/// What the server answered, as far as a load generator cares.
class ResponseReader {
  public:
    /// Takes bytes of one response; returns its status once it is whole, else 0.
    int take(std::string_view bytes) {
        if (body_left_ == kInHead) {
            head_.append(bytes);
            const auto end = head_.find("\r\n\r\n");
            if (end == std::string::npos) return 0;
            const std::size_t in_body = head_.size() - end - 4;
            const std::size_t length = content_length(std::string_view(head_).substr(0, end + 2));
            if (in_body > length) throw std::runtime_error("more bytes than the response has");
            body_left_ = length - in_body;
        } else {
            if (bytes.size() > body_left_) {
                throw std::runtime_error("more bytes than the response has");
            }
            body_left_ -= bytes.size();
        }
        if (body_left_ > 0) return 0;
        const int status = std::stoi(head_.substr(9, 3));
        head_.clear();
        body_left_ = kInHead;
        return status;
    }

  private:
    static constexpr std::size_t kInHead = SIZE_MAX;

    static std::size_t content_length(std::string_view head) {
        static constexpr std::string_view kName = "\r\ncontent-length:";
        const auto found = std::search(head.begin(), head.end(), kName.begin(), kName.end(),
                                       [](char a, char b) { return (a | 0x20) == (b | 0x20); });
        if (found == head.end()) throw std::runtime_error("a response without Content-Length");
        const char* digits = &*found + kName.size();
        while (*digits == ' ')
            ++digits;
        std::size_t length = 0;
        std::from_chars(digits, head.data() + head.size(), length);
        return length;
    }

    std::string head_;
    std::size_t body_left_ = kInHead;
};

struct Connection {
    int socket = -1;
    Clock::time_point sent;
    ResponseReader response;
};

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail("connect");
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::fcntl(socket, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
    return socket;
}

struct Totals {
    std::map<int, std::int64_t> by_status;
    std::vector<std::int64_t> latencies_us;
    double seconds = 0;
};

class Load {
  public:
    Load(std::uint16_t port, int connections, std::vector<std::string> requests)
        : requests_(std::move(requests)),
          connections_(static_cast<std::size_t>(connections)),
          poll_(::epoll_create1(EPOLL_CLOEXEC)) {
        if (poll_ < 0) fail("epoll_create1");
        for (std::size_t at = 0; at < connections_.size(); ++at) {
            connections_[at].socket = connect_to(port);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = at;
            if (::epoll_ctl(poll_, EPOLL_CTL_ADD, connections_[at].socket, &event) != 0) {
                fail("epoll_ctl");
            }
        }
    }
    ~Load() {
        for (const auto& connection : connections_)
            ::close(connection.socket);
        ::close(poll_);
    }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    Totals run(std::chrono::duration<double> time) {
        Totals totals;
        const auto start = Clock::now();
        const auto end = start + std::chrono::duration_cast<Clock::duration>(time);
        for (auto& connection : connections_)
            send(connection);
        std::size_t under_way = connections_.size();
        std::array<epoll_event, 256> events{};
        while (under_way > 0) {
            const int ready =
                ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 10'000);
            if (ready == 0) throw std::runtime_error("no response for 10 seconds");
            if (ready < 0 && errno != EINTR) fail("epoll_wait");
            for (int i = 0; i < ready; ++i) {
                auto& connection = connections_[events.at(static_cast<std::size_t>(i)).data.u64];
                const int status = receive(connection);
                if (status == 0) continue;
                const auto now = Clock::now();
                ++totals.by_status[status];
                totals.latencies_us.push_back(
                    std::chrono::duration_cast<std::chrono::microseconds>(now - connection.sent)
                        .count());
                if (now < end) {
                    send(connection);
                } else {
                    --under_way;
                }
            }
        }
        totals.seconds = std::chrono::duration<double>(Clock::now() - start).count();
        return totals;
    }

  private:
    void send(Connection& connection) {
        const std::string& request = requests_[next_++ % requests_.size()];
        connection.sent = Clock::now();
        if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size())) {
            fail("send");
        }
    }

    int receive(Connection& connection) {
        const ssize_t count = ::recv(connection.socket, buffer_.data(), buffer_.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
        if (count < 0) fail("recv");
        if (count == 0) throw std::runtime_error("the server closed a connection");
        return connection.response.take({buffer_.data(), static_cast<std::size_t>(count)});
    }

    std::vector<std::string> requests_;
    std::vector<Connection> connections_;
    int poll_;
    std::size_t next_ = 0;
    std::array<char, 65536> buffer_{};
};

/// What the requests are.
struct Subject {
    std::string path = "/";     // GET this
    std::string body;           // or, when it is not empty, POST this
    std::string orders_prefix;  // or, when it is not empty, place orders
    int skus = 1000;
};

/// The text with "{n}" replaced.
std::string with_number(std::string text, int number) {
    if (const auto at = text.find("{n}"); at != std::string::npos)
        text.replace(at, 3, std::to_string(number));
    return text;
}

std::vector<std::string> make_requests(std::uint16_t port, const Subject& subject) {
    std::vector<std::string> requests;
    for (int i = 0; i < subject.skus; ++i) {
        if (!subject.orders_prefix.empty()) {
            requests.push_back(post_request(
                port, "/v1/orders",
                fmt::format(R"({{"customer":"bench","lines":[{{"sku":"{}{}","quantity":1}}]}})",
                            subject.orders_prefix, i)));
        } else if (!subject.body.empty()) {
            requests.push_back(post_request(port, subject.path, with_number(subject.body, i)));
        } else {
            requests.push_back(get_request(port, with_number(subject.path, i)));
        }
    }
    return requests;
}

void print(Totals& totals) {
    std::ranges::sort(totals.latencies_us);
    const auto percentile = [&totals](double p) {
        return totals.latencies_us.at(
            static_cast<std::size_t>(p * static_cast<double>(totals.latencies_us.size() - 1)));
    };
    std::string statuses;
    for (const auto& [status, count] : totals.by_status) {
        statuses += fmt::format("{}\"{}\":{}", statuses.empty() ? "" : ",", status, count);
    }
    fmt::print(
        "{{\"requests\":{},\"seconds\":{:.3f},\"per_second\":{:.1f},\"p50_us\":{},\"p99_us\":{},"
        "\"statuses\":{{{}}}}}\n",
        totals.latencies_us.size(), totals.seconds,
        static_cast<double>(totals.latencies_us.size()) / totals.seconds, percentile(0.5),
        percentile(0.99), statuses);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "Sends one kind of request to a server on 127.0.0.1, over and over, and prints "
        "what came of it as JSON."};
    std::uint16_t port = 0;
    int connections = 1;
    double seconds = 5;
    Subject subject;
    app.add_option("--port", port)->required();
    app.add_option("--connections", connections)->check(CLI::Range(1, 4096));
    app.add_option("--seconds", seconds)->check(CLI::Range(0.1, 120.0));
    app.add_option("--path", subject.path, "GET this; {n} in it becomes 0, 1, 2, … in turn");
    app.add_option("--body", subject.body, "instead POST this there, with {n} likewise");
    app.add_option("--orders", subject.orders_prefix,
                   "instead place orders of one unit, over SKUs named by this and 0, 1, 2, …");
    app.add_option("--skus", subject.skus, "how many of them")->check(CLI::Range(1, 100'000));
    CLI11_PARSE(app, argc, argv);
    try {
        Load load(port, connections, make_requests(port, subject));
        auto totals = load.run(std::chrono::duration<double>(seconds));
        print(totals);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "load: {}\n", error.what());
        return 1;
    }
}
