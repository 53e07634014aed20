#include "connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint.hpp"
#include "watchdog.hpp"

namespace stockroom::bus_amqp {
namespace {

/// A port that is taken, and where nobody listens.
class DeafPort {
  public:
    DeafPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_, any, size), 0);
        EXPECT_EQ(::getsockname(socket_, any, &size), 0);
        port_ = ntohs(address.sin_port);
    }
    ~DeafPort() { ::close(socket_); }
    DeafPort(const DeafPort&) = delete;
    DeafPort& operator=(const DeafPort&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    int socket_;
    std::uint16_t port_ = 0;
};

TEST(Connection, SaysWhatTheSystemSaysOfABrokerThatIsNotThere) {
    const DeafPort deaf;
    Watchdog watchdog;
    Watch watch(watchdog);
    const auto url = "amqp://127.0.0.1:" + std::to_string(deaf.port());
    const auto opened = Connection::open(parse_url(url, "").value(), "test", "test",
                                         std::chrono::seconds(10), watch);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().kind, ports::ErrorKind::retryable);
    EXPECT_THAT(opened.error().detail, testing::HasSubstr("connection refused"));
    EXPECT_THAT(opened.error().detail, testing::HasSubstr("is RabbitMQ running there"));
}

}  // namespace
}  // namespace stockroom::bus_amqp
