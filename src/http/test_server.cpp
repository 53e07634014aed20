#include "test_server.hpp"

#include <functional>
#include <stdexcept>

#include <arpa/inet.h>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace stockroom::http::test {
namespace {

namespace asio = boost::asio;

asio::awaitable<Response> constant(Request) {
    co_return Response{.body = R"({"constant":true})"};
}

asio::awaitable<Response> echo(Request request) {
    co_return Response{.body = std::move(request.body)};
}

asio::awaitable<Response> seen(Request request) {
    std::string text;
    for (const std::string& line : {request.method, request.path, request.id})
        text.append(line).append("\n");
    for (const auto& [name, value] : request.query)
        text.append("?").append(name).append("=").append(value).append("\n");
    for (const auto& [name, value] : request.headers)
        text.append(name).append(": ").append(value).append("\n");
    co_return Response{.content_type = "text/plain", .body = std::move(text)};
}

asio::awaitable<Response> item(Request request) {
    co_return Response{.body = request.path_parameters.at("sku")};
}

asio::awaitable<Response> throws(Request request) {
    if (!request.body.contains("never")) throw std::runtime_error("the handler broke");
    co_return Response{};
}

asio::awaitable<Response> splits(Request) {
    co_return Response{.headers = {{"Location", "/\r\nX-Evil: 1"}}};
}

asio::awaitable<Response> large(Request) {
    co_return Response{.body = std::string(TestServer::kLargeBytes, 'x')};
}

asio::awaitable<void> write_half(Stream& stream) {
    co_await stream.write("half");
    throw std::runtime_error("the stream broke");
}

asio::awaitable<Response> cached(Request) {
    co_return Response{.headers = {{"Cache-Control", "max-age=60"}}, .command_id = "command-1"};
}

}  // namespace

TestServer::TestServer(const Limits& limits) : released_(context_) {
    released_.expires_at(std::chrono::steady_clock::time_point::max());
    Router router;
    router.add("GET", "/constant", constant);
    router.add("GET", "/readyz", constant);
    router.add("POST", "/echo", echo);
    router.add("PUT", "/echo", echo);
    router.add("GET", "/seen", seen);
    router.add("GET", "/items/{sku}", item);
    router.add("GET", "/wait", std::bind_front(&TestServer::wait_for_release, this));
    router.add("GET", "/throws", throws);
    router.add("GET", "/splits", splits);
    router.add("GET", "/large", large);
    router.add("GET", "/cached", cached);
    router.add("GET", "/stream", [this](const Request&) {
        return stream(std::bind_front(&TestServer::write_hello, this));
    });
    router.add("GET", "/flood", [this](const Request&) {
        return stream(std::bind_front(&TestServer::write_flood, this));
    });
    router.add("GET", "/torn", [this](const Request&) { return stream(write_half); });
    server_.emplace(context_, std::move(router), limits, metrics);
    const auto address = server_->start({"127.0.0.1", 0});
    if (!address) throw std::runtime_error(address.error());
    port_ = address->port;
    thread_ = std::jthread([this] { context_.run(); });
}

TestServer::~TestServer() {
    context_.stop();  // and thread_, destroyed first, joins
}

asio::awaitable<Response> TestServer::wait_for_release(Request) {
    boost::system::error_code ignored;
    co_await released_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return Response{.body = R"({"waited":true})"};
}

asio::awaitable<Response> TestServer::stream(StreamBody body) {
    co_return Response{.content_type = "text/plain", .stream = std::move(body)};
}

asio::awaitable<void> TestServer::write_hello(Stream& stream) {
    waiting_.insert(&stream);
    bool goes_on = co_await stream.write("hello");
    while (goes_on && !is_released_)
        goes_on = co_await stream.wait_until(base::Deadline::max());
    if (goes_on) co_await stream.write("bye");
    waiting_.erase(&stream);
    stream_ended();
}

asio::awaitable<void> TestServer::write_flood(Stream& stream) {
    const std::string block(64UL * 1024, 'x');
    bool goes_on = true;
    while (goes_on)
        goes_on = co_await stream.write(block);
    stream_ended();
}

void TestServer::stream_ended() {
    const base::lock_guard lock(mutex_);
    ++ended_streams_;
    changed_.notify_all();
}

bool TestServer::wait_for_ended_streams(int count) {
    const base::Deadline deadline = base::in(std::chrono::seconds(60));
    const base::lock_guard lock(mutex_);
    while (ended_streams_ < count)
        if (!changed_.wait_until(mutex_, deadline)) return false;
    return true;
}

void TestServer::release() {
    asio::post(context_, [this] {
        released_.expires_at({});
        is_released_ = true;
        for (Stream* stream : waiting_)
            stream->wake();
    });
}

void TestServer::stop() {
    asio::post(context_, [this] { server_->stop(); });
}

void TestServer::join() {
    thread_.join();
}

std::string Answer::header(std::string_view name) const {
    const std::string start = "\r\n" + std::string(name) + ": ";
    const auto at = head.find(start);
    if (at == std::string::npos) return {};
    const auto value = at + start.size();
    return head.substr(value, head.find("\r\n", value) - value);
}

RawClient::RawClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const void* erased = &address;
    if (::connect(descriptor_, static_cast<const sockaddr*>(erased), sizeof(address)) != 0)
        throw std::runtime_error("cannot connect");
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

RawClient::~RawClient() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

RawClient::RawClient(RawClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), received_(std::move(other.received_)) {}

void RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) return;  // the server has closed; what it answered can still be read
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void RawClient::send_byte_by_byte(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
        send(bytes.substr(i, 1));
}

void RawClient::finish_sending() {
    ::shutdown(descriptor_, SHUT_WR);
}

void RawClient::reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    ::close(std::exchange(descriptor_, -1));
}

bool RawClient::has_bytes_within(std::chrono::milliseconds time) {
    pollfd ready{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return !received_.empty() || ::poll(&ready, 1, static_cast<int>(time.count())) == 1;
}

bool RawClient::fill() {
    pollfd ready{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 60'000) != 1)
        throw std::runtime_error("the server neither answers nor closes");
    char buffer[64 * 1024];
    const ssize_t count = ::recv(descriptor_, buffer, sizeof(buffer), 0);
    if (count <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(count));
    return true;
}

Answer RawClient::read_answer(bool has_body) {
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) {
            ADD_FAILURE() << "closed before an answer: " << received_;
            return {};
        }
    }
    Answer answer{.head = received_.substr(0, end + 2)};
    answer.status = std::stoi(answer.head.substr(9, 3));
    received_.erase(0, end + 4);
    const std::string length = answer.header("Content-Length");
    if (!has_body || length.empty()) return answer;
    const std::size_t bytes = std::stoul(length);
    while (received_.size() < bytes) {
        if (!fill()) {
            ADD_FAILURE() << "closed within a body";
            return answer;
        }
    }
    answer.body = received_.substr(0, bytes);
    received_.erase(0, bytes);
    return answer;
}

std::string RawClient::read(std::size_t count) {
    while (received_.size() < count) {
        if (fill()) continue;
        ADD_FAILURE() << "closed after " << received_;
        return {};
    }
    std::string bytes = received_.substr(0, count);
    received_.erase(0, count);
    return bytes;
}

std::string RawClient::read_to_end() {
    while (fill()) {
    }
    return std::exchange(received_, {});
}

std::string get(std::string_view target, std::string_view headers) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(headers) +
           "\r\n";
}

std::string post(std::string_view target, std::string_view body, std::string_view headers) {
    return "POST " + std::string(target) +
           " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace stockroom::http::test
