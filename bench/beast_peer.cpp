// The bare server that reads are held against: Beast with nothing behind it. One thread answers any
// request with the same response, kept ready; the pattern is read_some and parser.put.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <fmt/format.h>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

asio::awaitable<void> serve(tcp::socket socket, const std::string& response) {
    boost::beast::flat_buffer buffer;
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    for (;;) {
        http::request_parser<http::empty_body> parser;
        while (!parser.is_done()) {
            if (buffer.size() > 0) {
                const auto used = parser.put(buffer.data(), error);
                buffer.consume(used);
                if (error && error != http::error::need_more) co_return;
                if (parser.is_done()) break;
            }
            const auto space = buffer.prepare(4096);
            const auto count = co_await socket.async_read_some(space, token);
            if (error) co_return;
            buffer.commit(count);
        }
        const auto bytes = asio::buffer(response);
        co_await asio::async_write(socket, bytes, token);
        if (error) co_return;
    }
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, const std::string& response) {
    for (;;) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        socket.set_option(tcp::no_delay(true));
        asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), response), asio::detached);
    }
}

}  // namespace

/// beast_peer BODY_SIZE: takes a free port of 127.0.0.1, prints it, serves until it is killed.
int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: beast_peer BODY_SIZE\n");
        return 2;
    }
    const std::string body(std::strtoul(argv[1], nullptr, 10), 'x');
    const std::string response = fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        body.size(), body);
    asio::io_context context(1);
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    fmt::print("{}\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    asio::co_spawn(context, accept(acceptor, response), asio::detached);
    context.run();
}
