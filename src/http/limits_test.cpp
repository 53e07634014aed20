#include "stockroom/http/limits.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stockroom/base/time.hpp"
#include "stockroom/telemetry/log.hpp"

#include "test_server.hpp"

namespace stockroom::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RawClient;
using test::TestServer;

constexpr seconds kPatience(60);

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

int status_of_echo(const TestServer& server, std::size_t bytes) {
    RawClient client(server.port());
    client.send(test::post("/echo", std::string(bytes, 'y')));
    return client.read_answer().status;
}

std::string problem_type(const std::string& body) {
    return std::string(boost::json::parse(body).at("type").as_string());
}

TEST(Limits, RefusesADeclaredBodyBeforeItIsRead) {
    const TestServer server({.body_bytes = 100});
    RawClient client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n");
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(problem_type(answer.body), "/problems/body_too_large");
    EXPECT_EQ(answer.header("Connection"), "close");
}

TEST(Limits, LetsTheClientReadItsRefusalWhileItStillSends) {
    const TestServer server;
    RawClient client(server.port());
    // More than the sockets' buffers hold: the server must read on for the client to get there.
    client.send(test::post("/echo", std::string(16UL * 1024 * 1024, 'x')));
    EXPECT_EQ(client.read_answer().status, 413);
    client.finish_sending();
    EXPECT_TRUE(client.is_closed());
}

TEST(Limits, RefusesADeclaredBodyInsteadOfContinue) {
    const TestServer server({.body_bytes = 100});
    RawClient client(server.port());
    client.send(
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n"
        "Expect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 413);
}

TEST(Limits, TakesABodyOfExactlyTheLimit) {
    const TestServer server({.body_bytes = 100});
    RawClient client(server.port());
    const std::string body(100, 'x');
    client.send(test::post("/echo", body));
    EXPECT_EQ(client.read_answer().body, body);
    const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send(head + "64\r\n" + body + "\r\n0\r\n\r\n");
    EXPECT_EQ(client.read_answer().body, body);
    client.send(head + "64\r\n" + body + "\r\n1\r\nx\r\n0\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 413);
}

TEST(Limits, BoundsAllBodiesTogether) {
    const TestServer server({.bodies_bytes = 100});
    RawClient holds(server.port());
    holds.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 91\r\n\r\n" +
               std::string(90, 'x'));
    const auto deadline = base::in(kPatience);
    int status = 200;
    while (status == 200 && std::chrono::steady_clock::now() < deadline)
        status = status_of_echo(server, 11);
    EXPECT_EQ(status, 503);
    holds.send("x");
    EXPECT_EQ(holds.read_answer().body.size(), 91U);
    EXPECT_EQ(status_of_echo(server, 11), 200) << "what was answered counts no more";
}

TEST(Limits, RefusesALargeHeaderBlock) {
    const TestServer server;
    RawClient client(server.port());
    client.send(test::get("/constant", "A: " + std::string(64UL * 1024, 'x') + "\r\n"));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 431);
    EXPECT_EQ(problem_type(answer.body), "/problems/header_too_large");
    client.finish_sending();
    EXPECT_TRUE(client.is_closed());
}

TEST(Limits, TakesAHeaderOfExactlyTheLimit) {
    const std::string plain = test::get("/constant", "A: \r\n");
    const TestServer server({.header_bytes = 1000});
    RawClient client(server.port());
    client.send(test::get("/constant", "A: " + std::string(1000 - plain.size(), 'x') + "\r\n"));
    EXPECT_EQ(client.read_answer().status, 200);
    client.send(test::get("/constant", "A: " + std::string(1001 - plain.size(), 'x') + "\r\n"));
    EXPECT_EQ(client.read_answer().status, 431);
}

TEST(Limits, AnswersASlowHeaderAndLeavesOthersAlone) {
    const TestServer server({.header_time = seconds(1)});
    RawClient slow(server.port());
    RawClient other(server.port());
    const std::string request = test::get("/constant");
    slow.send(request.substr(0, request.size() - 1));
    other.send(request);
    EXPECT_EQ(other.read_answer().status, 200);
    const auto answer = slow.read_answer();
    EXPECT_EQ(answer.status, 408);
    EXPECT_EQ(answer.header("Connection"), "close");
    other.send(request);
    EXPECT_EQ(other.read_answer().status, 200);
}

TEST(Limits, AByteNowAndThenDoesNotGainTime) {
    const TestServer server({.header_time = seconds(1)});
    RawClient trickles(server.port());
    trickles.send("GET /constant HTTP/1.1\r\nA: ");
    int bytes = 0;
    while (!trickles.has_bytes_within(milliseconds(100)) && bytes < 10'000) {
        trickles.send("x");
        ++bytes;
    }
    EXPECT_EQ(trickles.read_answer().status, 408);
}

TEST(Limits, AnswersASlowBody) {
    const TestServer server({.body_time = seconds(1)});
    RawClient slow(server.port());
    slow.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhell");
    EXPECT_EQ(slow.read_answer().status, 408);
    RawClient waits(server.port());
    waits.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell");
    EXPECT_EQ(waits.read_answer().status, 408);
}

TEST(Limits, ClosesIdleConnectionsWithoutAWord) {
    const TestServer server({.idle_time = seconds(1)});
    RawClient silent(server.port());
    RawClient once(server.port());
    once.send(test::get("/constant"));
    EXPECT_EQ(once.read_answer().status, 200);
    EXPECT_TRUE(silent.is_closed());
    EXPECT_TRUE(once.is_closed());
}

TEST(Limits, AHandlerMayTakeLongerThanAnyOfThem) {
    const seconds one(1);
    TestServer server({.header_time = one, .body_time = one, .idle_time = one, .write_time = one});
    RawClient waits(server.port());
    waits.send(test::get("/wait"));
    RawClient idle(server.port());
    EXPECT_TRUE(idle.is_closed()) << "which is later than the other's limits";
    server.release();
    EXPECT_EQ(waits.read_answer().status, 200);
}

TEST(Limits, ClosesOnAClientThatDoesNotRead) {
    const TestServer server({.write_time = seconds(1)});
    RawClient stuck(server.port());
    stuck.send(test::get("/large"));
    RawClient other(server.port());
    const auto deadline = base::in(kPatience);
    while (!server.metrics.to_text().contains(R"(route="/large",status="200"} 1)") &&
           std::chrono::steady_clock::now() < deadline)
        EXPECT_FALSE(other.has_bytes_within(milliseconds(50)));
    EXPECT_LT(stuck.read_to_end().size(), TestServer::kLargeBytes);
}

TEST(Limits, BoundsWhatClientsHaveNotTakenYet) {
    const TestServer server({.unsent_bytes = 100});
    RawClient slow(server.port());
    slow.send(test::get("/large"));
    EXPECT_LT(slow.read_to_end().size(), TestServer::kLargeBytes);
    EXPECT_EQ(status_of_echo(server, 11), 200);
}

TEST(Limits, DoesNotWaitForeverForARefusedClientToClose) {
    TestServer server({.linger_time = seconds(1)});
    RawClient client(server.port());
    client.send("BREW / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 501);
    EXPECT_TRUE(client.is_closed());
    server.stop();
    server.join();
}

TEST(Limits, TellsConnectionsPastTheLimitAndClosesThem) {
    const TestServer server({.connections = 2});
    std::optional<RawClient> first(server.port());
    RawClient second(server.port());
    for (RawClient* client : {&*first, &second}) {
        client->send(test::get("/constant"));
        EXPECT_EQ(client->read_answer().status, 200);
    }
    {
        RawClient third(server.port());
        const auto answer = third.read_answer();
        EXPECT_EQ(answer.status, 503);
        EXPECT_EQ(answer.header("Retry-After"), "1");
        EXPECT_EQ(answer.header("Connection"), "close");
        third.finish_sending();
        EXPECT_TRUE(third.is_closed());
    }
    first.reset();
    const auto deadline = base::in(kPatience);
    int status = 503;
    while (status == 503 && std::chrono::steady_clock::now() < deadline)
        status = status_of_echo(server, 1);
    EXPECT_EQ(status, 200) << "there is room again";
    second.send(test::get("/constant"));
    EXPECT_EQ(second.read_answer().status, 200);
}

TEST(Limits, ClosesFloodsOfConnectionsUntold) {
    const TestServer server({.connections = 1});
    RawClient served(server.port());
    std::vector<RawClient> flood;
    flood.reserve(200);
    for (int i = 0; i < 200; ++i)
        flood.emplace_back(server.port());
    EXPECT_EQ(flood.front().read_answer().status, 503);
    EXPECT_TRUE(flood.back().is_closed());
    served.send(test::get("/constant"));
    EXPECT_EQ(served.read_answer().status, 200);
}

/// Lets the process open so many more descriptors, until destroyed.
class FewDescriptors {
  public:
    explicit FewDescriptors(rlim_t more) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int next = ::open("/dev/null", O_RDONLY);
        ::close(next);
        rlimit few = before_;
        few.rlim_cur = static_cast<rlim_t>(next) + more;
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

  private:
    rlimit before_{};
};

TEST(Limits, GoesOnWhenDescriptorsRunOut) {
    if (kSanitized) GTEST_SKIP() << "UBSan opens pipes to look at objects";
    const TestServer server;
    RawClient open(server.port());
    open.send(test::get("/constant"));
    EXPECT_EQ(open.read_answer().status, 200);
    testing::internal::CaptureStderr();
    telemetry::start_log("test", telemetry::LogLevel::warning);
    std::optional<RawClient> waits;
    {
        const FewDescriptors few(1);
        waits.emplace(server.port());  // takes the last one; the server has none for its side
        waits->send(test::get("/constant"));
        open.send(test::get("/constant"));
        EXPECT_EQ(open.read_answer().status, 200);
    }
    EXPECT_EQ(waits->read_answer().status, 200);
    EXPECT_TRUE(testing::internal::GetCapturedStderr().contains("cannot accept connections"));
}

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(Limits, HoldsIdleConnectionsInLittleMemory) {
    const TestServer server;  // raises the soft limit of descriptors
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    // Both ends of each connection are in this process.
    const std::size_t connections = std::min<std::size_t>(10'000, (descriptors.rlim_cur - 500) / 2);
    std::vector<RawClient> clients;
    clients.reserve(connections);
    const std::size_t before = resident_bytes();
    for (std::size_t i = 0; i < connections; ++i) {
        clients.emplace_back(server.port());
        clients.back().send(test::post("/echo", "hello"));
        ASSERT_EQ(clients.back().read_answer().body, "hello");
    }
    const std::size_t each = (resident_bytes() - before) / connections;
    RecordProperty("bytes_each", std::to_string(each));
    if (!kSanitized) EXPECT_LT(each, 8U * 1024) << "bytes for each of " << connections;
    clients.front().send(test::get("/constant"));
    EXPECT_EQ(clients.front().read_answer().status, 200);
}

}  // namespace
}  // namespace stockroom::http
