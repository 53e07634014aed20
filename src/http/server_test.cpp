#include "stockroom/http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_server.hpp"

namespace stockroom::http {
namespace {

using test::RawClient;
using test::TestServer;
using testing::HasSubstr;

TEST(Server, AnswersWithItsHeaders) {
    const TestServer server;
    RawClient client(server.port());
    client.send(test::get("/constant"));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"constant":true})");
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    EXPECT_EQ(answer.header("X-Request-Id").size(), 36U);
    EXPECT_EQ(answer.header("Date").size(), 29U);
    EXPECT_EQ(answer.header("Server"), "");
}

TEST(Server, SaysWhatIsWrongWithAnAddress) {
    const TestServer first;
    telemetry::Metrics metrics;
    boost::asio::io_context context;
    Server second(context, Router(), Limits{}, metrics);
    const auto started = second.start({"127.0.0.1", first.port()});
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error(),
              "127.0.0.1:" + std::to_string(first.port()) + ": Address already in use");
}

TEST(Server, ListensOnIpv6) {
    telemetry::Metrics metrics;
    boost::asio::io_context context;
    Server server(context, Router(), Limits{}, metrics);
    const auto started = server.start({"::1", 0});
    if (!started) GTEST_SKIP() << "this machine has no IPv6: " << started.error();
    EXPECT_EQ(started->to_string(), "[::1]:" + std::to_string(started->port));
}

TEST(Server, SeveralStandInOneProcess) {
    const TestServer one;
    const TestServer other;
    for (const auto* server : {&one, &other}) {
        RawClient client(server->port());
        client.send(test::get("/constant"));
        EXPECT_EQ(client.read_answer().status, 200);
    }
}

TEST(Server, StopClosesIdleConnections) {
    TestServer server;
    RawClient fresh(server.port());
    RawClient used(server.port());
    used.send(test::get("/constant"));
    EXPECT_EQ(used.read_answer().status, 200);
    server.stop();
    EXPECT_TRUE(fresh.is_closed());
    EXPECT_TRUE(used.is_closed());
    server.join();
}

TEST(Server, StopLetsARequestUnderWayBeAnswered) {
    TestServer server;
    RawClient client(server.port());
    client.send(test::get("/wait") + test::get("/constant"));
    RawClient idle(server.port());
    idle.send(test::get("/constant"));
    EXPECT_EQ(idle.read_answer().status, 200);  // by now the other is being handled
    server.stop();
    EXPECT_TRUE(idle.is_closed());
    server.release();
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(client.is_closed()) << "what was pipelined behind is not begun";
    server.join();
}

TEST(Server, StopDoesNotWaitForSlowClients) {
    TestServer server(
        {.header_time = std::chrono::seconds(600), .stop_time = std::chrono::seconds(1)});
    RawClient slow(server.port());
    slow.send("GET /consta");
    RawClient other(server.port());
    other.send(test::get("/constant"));
    EXPECT_EQ(other.read_answer().status, 200);
    server.stop();
    EXPECT_EQ(slow.read_answer().status, 408);
    slow.finish_sending();
    server.join();
}

TEST(Server, StopBeforeAnyoneCame) {
    TestServer server;
    server.stop();
    server.join();
    EXPECT_THROW(RawClient{server.port()}, std::runtime_error);
}

TEST(Server, CountsRequestsAndConnections) {
    const TestServer server;
    RawClient client(server.port());
    for (int i = 0; i < 3; ++i) {
        client.send(test::get("/items/a" + std::to_string(i)));
        EXPECT_EQ(client.read_answer().status, 200);
    }
    client.send(test::get("/nowhere"));
    EXPECT_EQ(client.read_answer().status, 404);
    client.send("BREW / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 501);
    RawClient other(server.port());
    other.send(test::get("/constant"));  // answered after the observation of the one before
    EXPECT_EQ(other.read_answer().status, 200);
    const std::string text = server.metrics.to_text();
    const std::string name = "stockroom_http_requests_total";
    EXPECT_THAT(text, HasSubstr(name + R"({method="GET",route="/items/{sku}",status="200"} 3)"));
    EXPECT_THAT(text, HasSubstr(name + R"({method="GET",route="none",status="404"} 1)"));
    EXPECT_THAT(text, HasSubstr(name + R"({method="none",route="none",status="501"} 1)"));
    EXPECT_THAT(
        text,
        HasSubstr(R"(stockroom_http_request_duration_seconds_count{route="/items/{sku}"} 3)"));
    EXPECT_THAT(text, HasSubstr("stockroom_http_connections "));
}

}  // namespace
}  // namespace stockroom::http
