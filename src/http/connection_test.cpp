#include "connection.hpp"

#include <string>
#include <thread>
#include <vector>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "stockroom/telemetry/log.hpp"

#include "test_server.hpp"

namespace stockroom::http {
namespace {

using test::RawClient;
using test::TestServer;

TEST(Connection, TakesARequestByteByByte) {
    const TestServer server;
    RawClient client(server.port());
    for (int i = 0; i < 2; ++i) {
        client.send_byte_by_byte(test::post("/echo", "some body"));
        EXPECT_EQ(client.read_answer().body, "some body");
    }
}

TEST(Connection, AnswersPipelinedRequestsInOrder) {
    const TestServer server;
    RawClient client(server.port());
    constexpr int kRequests = 500;
    std::string requests;
    for (int i = 0; i < kRequests; ++i)
        requests += i % 2 == 0 ? test::get("/items/" + std::to_string(i))
                               : test::post("/echo", std::to_string(i));
    client.send(requests);
    for (int i = 0; i < kRequests; ++i)
        ASSERT_EQ(client.read_answer().body, std::to_string(i));
}

TEST(Connection, KeepsTheOrderWhenTheFirstTakesLonger) {
    TestServer server;
    RawClient client(server.port());
    client.send(test::get("/wait") + test::get("/constant"));
    RawClient other(server.port());
    other.send(test::get("/constant"));
    EXPECT_EQ(other.read_answer().status, 200) << "others do not wait";
    server.release();
    EXPECT_EQ(client.read_answer().body, R"({"waited":true})");
    EXPECT_EQ(client.read_answer().body, R"({"constant":true})");
}

TEST(Connection, PassesOverOneEmptyLineBetweenRequests) {
    const TestServer server;
    RawClient client(server.port());
    client.send_byte_by_byte(test::get("/constant") + "\r\n" + test::get("/constant"));
    EXPECT_EQ(client.read_answer().status, 200);
    EXPECT_EQ(client.read_answer().status, 200);
    client.send("\r\n\r\n" + test::get("/constant"));
    EXPECT_EQ(client.read_answer().status, 400);
}

TEST(Connection, HandsTheRequestToTheHandler) {
    const TestServer server;
    RawClient client(server.port());
    client.send(test::get("/seen?q=a+b%2B&&flag&x=1=2&q=%C3%A9",
                          "X-Request-Id: mine-1\r\nACCEPT:  a \r\nAccept: b\r\n"));
    EXPECT_EQ(client.read_answer().body,
              "GET\n/seen\nmine-1\n?q=a b+\n?flag=\n?x=1=2\n?q=é\n"
              "host: h\nx-request-id: mine-1\naccept: a\naccept: b\n");
}

TEST(Connection, TakesTheClientsRequestIdOnlyWhenItIsPlain) {
    const TestServer server;
    RawClient client(server.port());
    const std::string longest(128, '~');
    for (const auto& id : {std::string("abc"), longest}) {
        client.send(test::get("/constant", "X-Request-Id: " + id + "\r\n"));
        EXPECT_EQ(client.read_answer().header("X-Request-Id"), id);
    }
    for (const auto& id :
         {std::string(), std::string("a b"), std::string("\xC3\xA9"), longest + "~"}) {
        client.send(test::get("/constant", "X-Request-Id: " + id + "\r\n"));
        EXPECT_EQ(client.read_answer().header("X-Request-Id").size(), 36U) << id;
    }
}

TEST(Connection, KeepsOpenOrClosesAsTheClientAsks) {
    const struct {
        const char* request;
        const char* connection;
        bool closes;
    } rows[] = {
        {"GET /constant HTTP/1.1\r\nHost: h\r\n\r\n", "", false},
        {"GET /constant HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "close", true},
        {"GET /constant HTTP/1.0\r\n\r\n", "close", true},
        {"GET /constant HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", false},
    };
    const TestServer server;
    for (const auto& row : rows) {
        RawClient client(server.port());
        client.send(row.request);
        const auto answer = client.read_answer();
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.header("Connection"), row.connection) << row.request;
        if (row.closes) {
            EXPECT_TRUE(client.is_closed()) << row.request;
        } else {
            client.send(test::get("/constant"));
            EXPECT_EQ(client.read_answer().status, 200) << row.request;
        }
    }
}

TEST(Connection, AnswersHeadWithoutTheBody) {
    const TestServer server;
    RawClient client(server.port());
    client.send("HEAD /constant HTTP/1.1\r\nHost: h\r\n\r\n" + test::get("/constant"));
    EXPECT_EQ(client.read_answer(false).header("Content-Length"), "17");
    EXPECT_EQ(client.read_answer().body, R"({"constant":true})");
    client.send("HEAD /nowhere HTTP/1.1\r\nHost: h\r\n\r\n" + test::get("/constant"));
    EXPECT_EQ(client.read_answer(false).status, 404);
    EXPECT_EQ(client.read_answer().status, 200);
}

TEST(Connection, AnswersOptionsAndWhatIsNotAllowed) {
    const TestServer server;
    RawClient client(server.port());
    client.send("OPTIONS /echo HTTP/1.1\r\nHost: h\r\n\r\n" + test::get("/echo") +
                test::get("/nowhere"));
    const auto options = client.read_answer();
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.header("Allow"), "OPTIONS, POST, PUT");
    EXPECT_EQ(options.header("Content-Length"), "");
    const auto refused = client.read_answer();
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.header("Allow"), "OPTIONS, POST, PUT");
    EXPECT_EQ(client.read_answer().status, 404);
}

TEST(Connection, SaysContinueToWhoWaitsForIt) {
    const TestServer server;
    RawClient client(server.port());
    const std::string head =
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    client.send(head);
    EXPECT_EQ(client.read_answer().head, "HTTP/1.1 100 Continue\r\n");
    client.send("hello");
    EXPECT_EQ(client.read_answer().body, "hello");
    client.send(head + "hello");
    EXPECT_EQ(client.read_answer().body, "hello") << "who does not wait needs no 100";
}

TEST(Connection, AnswersAHandlerThatThrowsAndGoesOn) {
    const TestServer server;
    RawClient client(server.port());
    for (const auto* target : {"/throws", "/splits"}) {
        testing::internal::CaptureStderr();
        telemetry::start_log("test", telemetry::LogLevel::error);
        client.send(test::get(target, "X-Request-Id: broken-1\r\n"));
        const auto answer = client.read_answer();
        EXPECT_EQ(answer.status, 500);
        EXPECT_TRUE(answer.body.contains("broken-1"));
        EXPECT_EQ(answer.header("X-Evil"), "");
        const auto line = boost::json::parse(testing::internal::GetCapturedStderr());
        EXPECT_EQ(line.at("level"), "error");
        EXPECT_EQ(line.at("request_id"), "broken-1");
        client.send(test::get("/constant"));
        EXPECT_EQ(client.read_answer().status, 200);
    }
}

TEST(Connection, LogsOneLineARequest) {
    const TestServer server;
    RawClient client(server.port());
    testing::internal::CaptureStderr();
    telemetry::start_log("test", telemetry::LogLevel::info);
    const std::string request = test::get("/cached?a=b", "X-Request-Id: id-1\r\n");
    client.send(request);
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.header("Cache-Control"), "max-age=60");
    client.send(test::get("/throws"));  // its error line flushes, behind the line of the first
    EXPECT_EQ(client.read_answer().status, 500);
    const std::string text = testing::internal::GetCapturedStderr();
    telemetry::start_log("test", telemetry::LogLevel::error);  // quiet again for the next tests
    const auto line = boost::json::parse(text.substr(0, text.find('\n')));
    EXPECT_EQ(line.at("message"), "request");
    EXPECT_EQ(line.at("level"), "info");
    EXPECT_EQ(line.at("request_id"), "id-1");
    EXPECT_EQ(line.at("command_id"), "command-1");
    EXPECT_EQ(line.at("method"), "GET");
    EXPECT_EQ(line.at("route"), "/cached");
    EXPECT_EQ(line.at("path"), "/cached");
    EXPECT_EQ(line.at("status"), 200);
    EXPECT_GE(line.at("duration_us").as_int64(), 0);
    EXPECT_EQ(line.at("bytes_in").as_int64(), static_cast<std::int64_t>(request.size()));
    EXPECT_EQ(line.at("bytes_out").as_int64(), static_cast<std::int64_t>(answer.head.size() + 2));
    EXPECT_TRUE(line.at("remote").as_string().starts_with("127.0.0.1:"));
}

TEST(Connection, LogsProbesOnlyAtDebug) {
    const TestServer server;
    for (const auto level : {telemetry::LogLevel::info, telemetry::LogLevel::debug}) {
        RawClient client(server.port());
        testing::internal::CaptureStderr();
        telemetry::start_log("test", level);
        client.send(test::get("/readyz"));
        EXPECT_EQ(client.read_answer().status, 200);
        client.send(test::get("/throws"));  // its error line flushes, behind the line of the first
        EXPECT_EQ(client.read_answer().status, 500);
        const std::string text = testing::internal::GetCapturedStderr();
        telemetry::start_log("test", telemetry::LogLevel::error);
        EXPECT_EQ(text.contains("/readyz"), level == telemetry::LogLevel::debug) << text;
        EXPECT_TRUE(text.contains("/throws")) << text;
    }
}

TEST(Connection, SendsALargeAnswerWhole) {
    const TestServer server;
    RawClient client(server.port());
    client.send(test::get("/large") + test::get("/constant"));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.body.size(), TestServer::kLargeBytes);
    EXPECT_EQ(answer.body.find_first_not_of('x'), std::string::npos);
    EXPECT_EQ(client.read_answer().status, 200);
}

TEST(Connection, OthersGoOnWhenClientsCloseInTheMiddle) {
    TestServer server;
    const std::string request = test::post("/echo", "a body of some length");
    for (std::size_t length = 0; length <= request.size(); ++length) {
        RawClient closes(server.port());
        closes.send(request.substr(0, length));
        RawClient resets(server.port());
        resets.send(request.substr(0, length));
        resets.reset();
    }
    {
        RawClient leaves(server.port());
        leaves.send(test::get("/large"));
        RawClient leaves_too(server.port());
        leaves_too.send(test::get("/wait"));
    }
    server.release();
    RawClient client(server.port());
    client.send(test::get("/constant"));
    EXPECT_EQ(client.read_answer().status, 200);
}

TEST(Connection, ServesManyAtOnce) {
    const TestServer server;
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int thread = 0; thread < 8; ++thread) {
        threads.emplace_back([&server, thread] {
            RawClient client(server.port());
            for (int i = 0; i < 200; ++i) {
                const std::string body = std::to_string(thread) + "/" + std::to_string(i);
                client.send(test::post("/echo", body));
                ASSERT_EQ(client.read_answer().body, body);
            }
        });
    }
}

}  // namespace
}  // namespace stockroom::http
