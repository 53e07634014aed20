#include "response_head.hpp"

#include <gtest/gtest.h>

namespace stockroom::http {
namespace {

TEST(DateLine, WritesTheFormOfRfc9110) {
    DateLine date;
    EXPECT_EQ(date.at(784111777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    EXPECT_EQ(date.at(0), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
    EXPECT_EQ(date.at(1709164800), "Date: Thu, 29 Feb 2024 00:00:00 GMT\r\n");
    EXPECT_TRUE(date.now().ends_with(" GMT\r\n"));
}

TEST(AppendHead, WritesTheDefaults) {
    std::string out;
    append_head(out, Response{.body = "{}"}, "Date: d\r\n", "id-1", Persistence::keep);
    EXPECT_EQ(out,
              "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Type: application/json\r\n"
              "Content-Length: 2\r\nX-Request-Id: id-1\r\nX-Content-Type-Options: nosniff\r\n"
              "Cache-Control: no-store\r\n\r\n");
}

TEST(AppendHead, LetsTheHandlerSetCacheControlAndMore) {
    std::string out;
    append_head(out, Response{.headers = {{"cache-control", "max-age=1"}, {"ETag", "\"1\""}}},
                "Date: d\r\n", "id", Persistence::close);
    EXPECT_TRUE(
        out.contains("\r\ncache-control: max-age=1\r\nETag: \"1\"\r\nConnection: close\r\n"));
    EXPECT_FALSE(out.contains("no-store"));
}

TEST(AppendHead, GivesNoLengthWhereThereIsNoBody) {
    for (const int status : {204, 304}) {
        std::string out;
        append_head(out, Response{.status = status}, "", "id", Persistence::keep_1_0);
        EXPECT_FALSE(out.contains("\r\nContent-")) << status;
        EXPECT_TRUE(out.ends_with("\r\nConnection: keep-alive\r\n\r\n"));
    }
}

TEST(IsWritable, SeesWhatWouldSplitAResponse) {
    EXPECT_TRUE(is_writable(Response{.headers = {{"Location", "/v1/é?x=y"}}}));
    EXPECT_FALSE(is_writable(Response{.headers = {{"Location", "/\r\nSet-Cookie: a=b"}}}));
    EXPECT_FALSE(is_writable(Response{.headers = {{"Loca tion", "/"}}}));
    EXPECT_FALSE(is_writable(Response{.headers = {{"Location:", "/"}}}));
    EXPECT_FALSE(is_writable(Response{.headers = {{"", "/"}}}));
    EXPECT_FALSE(is_writable(Response{.content_type = "text/html\n"}));
}

}  // namespace
}  // namespace stockroom::http
