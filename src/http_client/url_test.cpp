#include "stockroom/http_client/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom::http_client {
namespace {

struct Good {
    std::string_view text;
    std::string_view host;
    std::uint16_t port;
    std::string_view host_header;
    std::string_view base_path;
};

TEST(ServerUrl, ReadsHostPortAndPath) {
    const Good cases[] = {
        {"http://127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080", ""},
        {"http://localhost", "localhost", 80, "localhost", ""},
        {"http://stock.example:81/", "stock.example", 81, "stock.example:81", ""},
        {"http://[::1]:9/shop/a/", "::1", 9, "[::1]:9", "/shop/a"},
        {"HTTP://h:65535", "h", 65535, "h:65535", ""},
    };
    for (const Good& good : cases) {
        SCOPED_TRACE(good.text);
        const auto url = ServerUrl::parse(good.text);
        ASSERT_TRUE(url.has_value()) << url.error();
        EXPECT_EQ(url->host, good.host);
        EXPECT_EQ(url->port, good.port);
        EXPECT_EQ(url->host_header, good.host_header);
        EXPECT_EQ(url->base_path, good.base_path);
    }
}

TEST(ServerUrl, SaysWhatToGiveInstead) {
    for (const std::string_view bad :
         {"", "127.0.0.1:8080", "/v1", "http://", "https://h", "http://h:0", "http://h:65536",
          "http://h:x", "http://a b", "http://me@h", "http://h?q=1", "http://h#f",
          "http://h\r\n"}) {
        SCOPED_TRACE(bad);
        const auto url = ServerUrl::parse(bad);
        ASSERT_FALSE(url.has_value());
        EXPECT_THAT(url.error(), testing::AllOf(testing::StartsWith("--url: "),
                                                testing::EndsWith("give http://HOST:PORT")));
    }
}

TEST(PercentEncoded, KeepsUnreservedCharacters) {
    EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encoded("a b/c%é"), "a%20b%2Fc%25%C3%A9");
}

TEST(LoginUrl, TakesUserAndPasswordApart) {
    const auto url = LoginUrl::parse("http://stockroom:p%40ss@127.0.0.1:15672/rabbit/", "--m");
    ASSERT_TRUE(url.has_value()) << url.error();
    EXPECT_EQ(url->authorization, "Basic c3RvY2tyb29tOnBAc3M=");  // of "stockroom:p@ss"
    EXPECT_EQ(url->server.to_string(), "http://127.0.0.1:15672/rabbit");

    const auto nobody = LoginUrl::parse("http://h:1", "--m");
    ASSERT_TRUE(nobody.has_value()) << nobody.error();
    EXPECT_EQ(nobody->authorization, "");
    EXPECT_EQ(nobody->server.to_string(), "http://h:1");
}

TEST(LoginUrl, ShowsNoPassword) {
    for (const std::string_view bad :
         {"http://u:secret@", "http://u:secret x@h:1", "http://u:secret@h:0", "https://u:secret@h",
          "http://u:secret/x@h", "http://u/secret@h", "http://u:secret@x@h", "u:secret@h"}) {
        SCOPED_TRACE(bad);
        const auto url = LoginUrl::parse(bad, "--m");
        ASSERT_FALSE(url.has_value());
        EXPECT_THAT(url.error(), testing::StartsWith("--m: "));
        EXPECT_THAT(url.error(), testing::Not(testing::HasSubstr("secret")));
    }
}

}  // namespace
}  // namespace stockroom::http_client
