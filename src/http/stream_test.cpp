#include "stockroom/http/stream.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "stockroom/telemetry/log.hpp"

#include "test_server.hpp"

namespace stockroom::http {
namespace {

using std::chrono::seconds;
using test::Answer;
using test::RawClient;
using test::TestServer;

constexpr std::string_view kHello = "5\r\nhello\r\n";
constexpr std::string_view kBye = "3\r\nbye\r\n0\r\n\r\n";

/// Past its head and "hello".
RawClient listening(const TestServer& server) {
    RawClient client(server.port());
    client.send(test::get("/stream"));
    EXPECT_EQ(client.read_answer().status, 200);
    EXPECT_EQ(client.read(kHello.size()), kHello);
    return client;
}

TEST(Stream, SendsTheHeadAndEachWriteAtOnce) {
    TestServer server;
    RawClient client(server.port());
    client.send(test::get("/stream"));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Content-Type"), "text/plain");
    EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked");
    EXPECT_EQ(answer.header("Content-Length"), "");
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    EXPECT_EQ(client.read(kHello.size()), kHello);
    server.release();
    EXPECT_EQ(client.read_to_end(), kBye);
    EXPECT_TRUE(server.wait_for_ended_streams(1));
}

TEST(Stream, EndsWithTheConnectionOnHttp10) {
    TestServer server;
    server.release();
    for (const auto* more : {"", "Connection: keep-alive\r\n"}) {
        RawClient client(server.port());
        client.send("GET /stream HTTP/1.0\r\n" + std::string(more) + "\r\n");
        const Answer answer = client.read_answer();
        EXPECT_EQ(answer.header("Transfer-Encoding"), "");
        EXPECT_EQ(answer.header("Content-Length"), "");
        EXPECT_EQ(answer.header("Connection"), "close");
        EXPECT_EQ(client.read_to_end(), "hellobye");
    }
}

TEST(Stream, IsNotRunForHead) {
    const TestServer server;
    RawClient client(server.port());
    client.send("HEAD /flood HTTP/1.1\r\nHost: h\r\n\r\n");
    const Answer answer = client.read_answer(false);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked");
    EXPECT_EQ(answer.header("Connection"), "");
    client.send(test::get("/constant"));
    EXPECT_EQ(client.read_answer().body, R"({"constant":true})");
}

TEST(Stream, NoticesThatTheClientHasGone) {
    TestServer server;
    {
        const RawClient closes = listening(server);
    }
    EXPECT_TRUE(server.wait_for_ended_streams(1));
    RawClient resets = listening(server);
    resets.reset();
    EXPECT_TRUE(server.wait_for_ended_streams(2));
    RawClient half_closes = listening(server);
    half_closes.finish_sending();
    EXPECT_TRUE(server.wait_for_ended_streams(3));
    EXPECT_TRUE(half_closes.is_closed()) << "a body that is cut short";
}

TEST(Stream, DropsWhatTheClientSendsMeanwhile) {
    TestServer server;
    RawClient client = listening(server);
    client.send(test::get("/constant") + std::string(1'000'000, 'x'));
    server.release();
    EXPECT_EQ(client.read_to_end(), kBye);
}

TEST(Stream, IsDroppedWhenTheClientDoesNotTakeIt) {
    TestServer server({.write_time = seconds(1)});
    RawClient other = listening(server);
    RawClient client(server.port());
    client.send(test::get("/flood"));
    EXPECT_TRUE(server.wait_for_ended_streams(1));
    EXPECT_FALSE(client.read_to_end().ends_with("0\r\n\r\n"));
    server.release();
    EXPECT_EQ(other.read_to_end(), kBye) << "others go on";
}

TEST(Stream, CountsAmongTheAnswersThatAreNotTaken) {
    TestServer server({.unsent_bytes = 0, .write_time = seconds(60)});
    RawClient client(server.port());
    client.send(test::get("/flood"));
    EXPECT_TRUE(server.wait_for_ended_streams(1));
}

TEST(Stream, GivesBackWhatItHadUnsent) {
    // One block in flight at most, so that the second client fails when the first leaves any.
    TestServer server({.unsent_bytes = 65UL * 1024, .write_time = seconds(60)});
    for (int round = 1; round <= 3; ++round) {
        RawClient client(server.port());
        client.send(test::get("/flood"));
        EXPECT_EQ(client.read_answer().status, 200);
        EXPECT_EQ(client.read(4'000'000).size(), 4'000'000U);
        client.reset();
        EXPECT_TRUE(server.wait_for_ended_streams(round));
    }
}

TEST(Stream, EndsCleanlyWhenTheServerStops) {
    TestServer server;
    RawClient client = listening(server);
    server.stop();
    EXPECT_EQ(client.read_to_end(), "0\r\n\r\n");
    server.join();
}

TEST(Stream, IsCutWhenTheClientTakesNothingWhileTheServerStops) {
    TestServer server({.write_time = seconds(600), .stop_time = seconds(1)});
    RawClient client(server.port());
    client.send(test::get("/flood"));
    EXPECT_EQ(client.read_answer().status, 200);
    server.stop();
    server.join();
    EXPECT_TRUE(server.wait_for_ended_streams(1));
}

TEST(Stream, IsCutShortWhenItsWriterThrows) {
    const TestServer server;
    testing::internal::CaptureStderr();
    telemetry::start_log("test", telemetry::LogLevel::error);
    RawClient client(server.port());
    client.send(test::get("/torn", "X-Request-Id: torn-1\r\n"));
    EXPECT_EQ(client.read_answer().status, 200);
    EXPECT_EQ(client.read_to_end(), "4\r\nhalf\r\n");
    const auto line = boost::json::parse(testing::internal::GetCapturedStderr());
    EXPECT_EQ(line.at("request_id"), "torn-1");
    EXPECT_EQ(line.at("reason"), "the stream broke");
}

TEST(Stream, MayBeUnderWayWhenTheServerIsDestroyed) {
    TestServer server;
    const RawClient waits = listening(server);
    RawClient floods(server.port());
    floods.send(test::get("/flood"));
    EXPECT_EQ(floods.read_answer().status, 200);
}

}  // namespace
}  // namespace stockroom::http
