#include "framing.hpp"

#include <string>

#include <gtest/gtest.h>

namespace stockroom::http {
namespace {

using namespace std::string_literals;

/// What follows "GET / HTTP/1.1\r\nHost: h\r\n" in a block, before its empty line.
std::string with_fields(const std::string& fields) {
    return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

std::string with_request_line(const std::string& line) {
    return line + "\r\nHost: h\r\n\r\n";
}

int status_of(const std::string& block) {
    const auto checked = check_framing(block, Limits{});
    return checked ? 200 : checked.error().status;
}

TEST(CheckFraming, AcceptsWhatIsPlain) {
    for (const auto& block :
         {with_fields(""), with_fields("Content-Length: 5\r\n"),
          with_fields("content-length:0\r\n"), with_fields("Transfer-Encoding: chunked\r\n"),
          with_fields("transfer-encoding:Chunked \r\n"),
          with_fields("A:\r\nB: \t x \t\r\nC: \xC3\xA9\r\n"),
          with_fields("X-TE: gzip\r\nTE: gzip\r\n"),
          with_request_line("POST /v1/items?q=%20a+b&x=[1] HTTP/1.1"),
          with_request_line("DELETE //../%2F HTTP/1.1"), with_request_line("OPTIONS / HTTP/1.1"),
          "GET / HTTP/1.0\r\n\r\n"s, "GET / HTTP/1.1\r\nHost:\r\n\r\n"s,
          "GET / HTTP/1.1\r\nhost: [::1]:80\r\n\r\n"s,
          with_fields("Content-Length: 9223372036854775807\r\n")}) {
        EXPECT_EQ(status_of(block), 200) << block;
    }
}

TEST(CheckFraming, RefusesEachBadField) {
    const struct {
        const char* why;
        std::string fields;
    } rows[] = {
        {"unknown coding", "Transfer-Encoding: xchunked\r\n"},
        {"several codings", "Transfer-Encoding: gzip, chunked\r\n"},
        {"chunked twice in one", "Transfer-Encoding: chunked, chunked\r\n"},
        {"identity", "Transfer-Encoding: identity\r\n"},
        {"empty coding", "Transfer-Encoding:\r\n"},
        {"coding with a parameter", "Transfer-Encoding: chunked;q=1\r\n"},
        {"coding behind a vertical tab",
         "Transfer-Encoding: \x0B"
         "chunked\r\n"},
        {"two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
        {"coding and length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"},
        {"length and coding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
        {"two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"},
        {"the same length twice", "Content-Length: 5\r\ncontent-length: 5\r\n"},
        {"signed length", "Content-Length: +5\r\n"},
        {"negative length", "Content-Length: -5\r\n"},
        {"list of lengths", "Content-Length: 5,5\r\n"},
        {"hexadecimal length", "Content-Length: 0x5\r\n"},
        {"length with a space inside", "Content-Length: 5 5\r\n"},
        {"empty length", "Content-Length:\r\n"},
        {"length past 63 bits", "Content-Length: 9223372036854775808\r\n"},
        {"length past 64 bits", "Content-Length: 18446744073709551621\r\n"},
        {"folded", "A: b\r\n c\r\n"},
        {"folded by a tab", "A: b\r\n\tc\r\n"},
        {"second Host", "Host: other\r\n"},
        {"space before the colon", "Content-Length : 5\r\n"},
        {"tab before the colon", "Content-Length\t: 5\r\n"},
        {"no colon", "Content-Length\r\n"},
        {"no name", ": 5\r\n"},
        {"name that is no token", "A(b): c\r\n"},
        {"name beyond ASCII", "\xC3\xA9: c\r\n"},
        {"NUL in a name", "A\0b: c\r\n"s},
        {"NUL in a value", "A: b\0c\r\n"s},
        {"control character in a value", "A: b\x01\r\n"},
        {"DEL in a value", "A: b\x7F\r\n"},
        {"bare CR in a value", "A: b\rc\r\n"},
        {"CR before CR LF", "A: b\r\r\n"},
        {"bare LF", "A: b\nC: d\r\n"},
        {"bare LF at the end", "A: b\n"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(status_of(with_fields(row.fields)), 400) << row.why;
}

TEST(CheckFraming, RefusesEachBadHost) {
    for (const auto* host : {"a b", "a,b", "a/b", "user@a", "a\\b", "a#b", "a?b", "\xC3\xA9"})
        EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: "s + host + "\r\n\r\n"), 400) << host;
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
}

TEST(CheckFraming, RefusesCodingsOnHttp10) {
    EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(CheckFraming, RefusesEachBadRequestLine) {
    const struct {
        std::string line;
        int status;
    } rows[] = {
        {"", 400},
        {"GET", 400},
        {"GET /", 400},
        {"GET / ", 400},
        {"GET /  HTTP/1.1", 400},
        {"GET  / HTTP/1.1", 400},
        {" GET / HTTP/1.1", 400},
        {"GET / HTTP/1.1 ", 400},
        {"GET\t/\tHTTP/1.1", 400},
        {"GET /a b HTTP/1.1", 400},
        {"GET / http/1.1", 400},
        {"GET / HTTP/1", 400},
        {"GET / HTTP/1.10", 400},
        {"GET / HTTP/x.1", 400},
        {"GET / HTTPS/1.1", 400},
        {"GET / HTTP/1.2", 505},
        {"GET / HTTP/2.0", 505},
        {"GET / HTTP/0.9", 505},
        {"PRI * HTTP/2.0", 505},
        {"FOO / HTTP/1.1", 501},
        {"get / HTTP/1.1", 501},
        {"PROPFIND / HTTP/1.1", 501},
        {"G(T / HTTP/1.1", 400},
        {"G\0T / HTTP/1.1"s, 400},
        {"GET http://h/ HTTP/1.1", 400},
        {"GET * HTTP/1.1", 400},
        {"OPTIONS * HTTP/1.1", 400},
        {"CONNECT h:443 HTTP/1.1", 400},
        {"GET h:80 HTTP/1.1", 400},
        {"GET ?a HTTP/1.1", 400},
        {"GET /%00 HTTP/1.1", 400},
        {"GET /a?b=%00 HTTP/1.1", 400},
        {"GET /%zz HTTP/1.1", 400},
        {"GET /%4 HTTP/1.1", 400},
        {"GET /a#b HTTP/1.1", 400},
        {"GET /\xC3\xA9 HTTP/1.1", 400},
        {"GET /\x01 HTTP/1.1", 400},
        {"GET /\0 HTTP/1.1"s, 400},
        {"GET /a\\b HTTP/1.1", 400},
        {"GET /\r HTTP/1.1", 400},
        {"GET /" + std::string(9000, 'a') + " HTTP/1.1", 414},
    };
    for (const auto& row : rows)
        EXPECT_EQ(status_of(with_request_line(row.line)), row.status) << row.line.substr(0, 80);
}

TEST(CheckFraming, CountsHeaderLines) {
    std::string fields;
    for (int i = 0; i < 99; ++i)
        fields += "a: b\r\n";
    EXPECT_EQ(status_of(with_fields(fields)), 200);
    EXPECT_EQ(status_of(with_fields(fields + "a: b\r\n")), 431);
}

TEST(CheckFraming, RefusesABlockThatDoesNotEndAtItsEmptyLine) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: h\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: h\r\n\r\nx"), 400);
    EXPECT_EQ(status_of(""), 400);
}

/// Hands the text in byte by byte: the length that is found, or minus the status of the refusal,
/// and how many bytes it took.
std::pair<long, std::size_t> scan(const std::string& text, const Limits& limits) {
    HeaderScan scan;
    for (std::size_t size = 1; size <= text.size(); ++size) {
        const auto found = scan.advance(std::string_view(text).substr(0, size), limits);
        if (!found) return {-found.error().status, size};
        if (*found != 0) return {static_cast<long>(*found), size};
    }
    return {0, text.size()};
}

TEST(HeaderScan, FindsTheEndByteByByteAndAtOnce) {
    const std::string block = with_fields("Content-Length: 2\r\n");
    EXPECT_EQ(scan(block + "{}", Limits{}),
              std::pair(static_cast<long>(block.size()), block.size()));
    HeaderScan at_once;
    EXPECT_EQ(at_once.advance(block + "{}" + block, Limits{}).value(), block.size());
}

TEST(HeaderScan, RefusesAsSoonAsItCan) {
    EXPECT_EQ(scan("GET /\r\nnever ends", Limits{}), std::pair(-400L, std::size_t{7}));
    EXPECT_EQ(scan("GET / HTTP/1.1\nHost: h", Limits{}), std::pair(-400L, std::size_t{15}));
    EXPECT_EQ(scan("\x16\x03\x01", Limits{}), std::pair(-400L, std::size_t{1}));
    EXPECT_EQ(scan("\n", Limits{}), std::pair(-400L, std::size_t{1}));
}

TEST(HeaderScan, BoundsWhatItWaitsFor) {
    const Limits limits{.header_bytes = 1000, .target_bytes = 100};
    EXPECT_EQ(scan("GET /" + std::string(5000, 'a'), limits), std::pair(-414L, std::size_t{133}));
    EXPECT_EQ(scan("GET / HTTP/1.1\r\nA: " + std::string(5000, 'a'), limits),
              std::pair(-431L, std::size_t{1001}));
    HeaderScan at_once;
    const auto found =
        at_once.advance(with_fields("A: " + std::string(5000, 'a') + "\r\n"), limits);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().status, 431);
}

}  // namespace
}  // namespace stockroom::http
