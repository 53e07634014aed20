// What DESIGN's list of lenient framing must come to, seen from a client: each case is sent byte by
// byte, answered once with a problem, and the connection closed.

#include <string>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "test_server.hpp"

namespace stockroom::http {
namespace {

using namespace std::string_literals;
using test::Answer;
using test::RawClient;
using test::TestServer;

/// A second request behind the bad one, which must not be answered: it would be what is smuggled.
const std::string smuggled = test::get("/constant");

struct Refusal {
    const char* why;
    std::string request;
    int status = 400;
};

std::string chunked(const std::string& body) {
    return "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}

std::string with_fields(const std::string& fields) {
    return "POST /echo HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n5\r\nhello\r\n0\r\n\r\n";
}

std::string repeat(const std::string& text, int times) {
    std::string repeated;
    for (int i = 0; i < times; ++i)
        repeated += text;
    return repeated;
}

const std::vector<Refusal>& refusals() {
    static const std::vector<Refusal> all{
        {"TE: xchunked", with_fields("Transfer-Encoding: xchunked\r\n")},
        {"TE: gzip, chunked", with_fields("Transfer-Encoding: gzip, chunked\r\n")},
        {"TE with CL", with_fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")},
        {"CL with TE", with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
        {"TE on HTTP/1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"TE twice", with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
        {"two lengths", with_fields("Content-Length: 5\r\nContent-Length: 6\r\n")},
        {"one length twice", with_fields("Content-Length: 5\r\nContent-Length: 5\r\n")},
        {"CL: +5", with_fields("Content-Length: +5\r\n")},
        {"CL: 5,5", with_fields("Content-Length: 5,5\r\n")},
        {"CL: -5", with_fields("Content-Length: -5\r\n")},
        {"CL: 2^64 + 5", with_fields("Content-Length: 18446744073709551621\r\n")},
        {"obs-fold", with_fields("A: b\r\n c\r\n")},
        {"folded TE", with_fields("Transfer-Encoding:\r\n chunked\r\n")},
        {"fold before any field", "GET /constant HTTP/1.1\r\n Host: h\r\n\r\n"},
        {"no Host", "GET /constant HTTP/1.1\r\n\r\n"},
        {"two Hosts", "GET /constant HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"},
        {"space before the colon", with_fields("Content-Length : 5\r\n")},
        {"bare LF", "GET /constant HTTP/1.1\nHost: h\n\n"},
        {"bare LF between fields", "GET /constant HTTP/1.1\r\nHost: h\nA: b\r\n\r\n"},
        {"bare CR", with_fields("A: b\rc\r\n")},
        {"NUL in a value", with_fields("A: b\0c\r\n"s)},
        {"control character in a value", with_fields("A: \x08\r\n")},
        {"%00", test::get("/items/%00")},
        {"%00 in the query", test::get("/seen?a=%00")},
        {"cut escape", test::get("/items/%4")},
        {"query that is not UTF-8", test::get("/seen?a=%FF")},
        {"absolute-form", test::get("http://h/constant")},
        {"asterisk-form", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"},
        {"authority-form", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"},
        {"raw bytes in the target", test::get("/items/\xC3\xA9")},
        {"HTTP/0.9", "GET /constant\r\n"},
        {"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03"s},
        {"unknown method", "BREW /constant HTTP/1.1\r\nHost: h\r\n\r\n", 501},
        {"method in lower case", "get /constant HTTP/1.1\r\nHost: h\r\n\r\n", 501},
        {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"HTTP/1.2", "GET /constant HTTP/1.2\r\nHost: h\r\n\r\n", 505},
        {"HTTP/2.0", "GET /constant HTTP/2.0\r\nHost: h\r\n\r\n", 505},
        {"1,500 headers", with_fields(repeat("a: b\r\n", 1500)), 431},
        {"a long target", test::get("/" + std::string(10'000, 'a')), 414},
        {"unknown expectation", with_fields("Content-Length: 5\r\nExpect: 200-ok\r\n"), 417},
        {"20 kB of chunk extensions",
         chunked("5;" + std::string(20'000, 'a') + "\r\nhello\r\n0\r\n\r\n")},
        {"a chunk extension over 256 bytes",
         chunked("5;" + std::string(300, 'a') + "\r\nhello\r\n0\r\n\r\n")},
        {"a chunk size without digits", chunked("\r\nhello\r\n0\r\n\r\n")},
        {"a signed chunk size", chunked("+5\r\nhello\r\n0\r\n\r\n")},
        {"a chunk size with 0x", chunked("0x5\r\nhello\r\n0\r\n\r\n")},
        {"a chunk size past 64 bits", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n")},
        {"a chunk that is longer than it says", chunked("4\r\nhello\r\n0\r\n\r\n")},
        {"a chunk line that ends in a bare LF", chunked("5\nhello\r\n0\r\n\r\n")},
        {"20 kB of trailers", chunked("0\r\n" + repeat("a: b\r\n", 3500) + "\r\n")},
    };
    return all;
}

void expect_refused(const Refusal& refusal, const Answer& answer, RawClient& client) {
    EXPECT_EQ(answer.status, refusal.status) << refusal.why;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json") << refusal.why;
    EXPECT_EQ(answer.header("Connection"), "close") << refusal.why;
    EXPECT_NE(answer.header("X-Request-Id"), "") << refusal.why;
    boost::system::error_code error;
    const auto problem = boost::json::parse(answer.body, error);
    ASSERT_FALSE(error) << refusal.why << ": " << answer.body;
    EXPECT_EQ(problem.at("status"), refusal.status) << refusal.why;
    EXPECT_TRUE(problem.at("type").as_string().starts_with("/problems/")) << refusal.why;
    client.finish_sending();
    EXPECT_EQ(client.read_to_end(), "") << refusal.why << ": only one answer comes";
}

TEST(FramingOverASocket, RefusesByteByByteAndCloses) {
    const TestServer server;
    for (const Refusal& refusal : refusals()) {
        RawClient client(server.port());
        client.send_byte_by_byte(refusal.request + smuggled);
        expect_refused(refusal, client.read_answer(), client);
    }
}

TEST(FramingOverASocket, RefusesAtOnceAndCloses) {
    const TestServer server;
    for (const Refusal& refusal : refusals()) {
        RawClient client(server.port());
        client.send(refusal.request + smuggled);
        expect_refused(refusal, client.read_answer(), client);
    }
}

TEST(FramingOverASocket, RefusesBehindAGoodRequest) {
    const TestServer server;
    for (const Refusal& refusal : refusals()) {
        RawClient client(server.port());
        client.send(test::post("/echo", "first") + refusal.request + smuggled);
        EXPECT_EQ(client.read_answer().body, "first") << refusal.why;
        expect_refused(refusal, client.read_answer(), client);
    }
}

TEST(FramingOverASocket, TakesWellFormedChunks) {
    const struct {
        std::string request;
        std::string body;
    } rows[] = {
        {chunked("0\r\n\r\n"), ""},
        {chunked("5\r\nhello\r\n0\r\n\r\n"), "hello"},
        {chunked("5\r\nhello\r\n06\r\n world\r\n000\r\n\r\n"), "hello world"},
        {chunked("A;name=value\r\n0123456789\r\n0;last\r\n\r\n"), "0123456789"},
        {chunked("2\r\n\r\n\r\n1\r\n\0\r\n0\r\nTrailer: dropped\r\n\r\n"s), "\r\n\0"s},
    };
    const TestServer server;
    for (const auto& row : rows) {
        RawClient client(server.port());
        client.send_byte_by_byte(row.request);
        EXPECT_EQ(client.read_answer().body, row.body) << row.request;
        client.send(row.request + row.request);
        EXPECT_EQ(client.read_answer().body, row.body) << row.request;
        EXPECT_EQ(client.read_answer().body, row.body) << row.request;
    }
}

TEST(FramingOverASocket, TrailersAreNoHeaders) {
    const TestServer server;
    RawClient client(server.port());
    client.send(
        "GET /seen HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\nX-Trailer: 1\r\n\r\n");
    EXPECT_FALSE(client.read_answer().body.contains("x-trailer"));
}

}  // namespace
}  // namespace stockroom::http
