#include <gtest/gtest.h>

#include "stockroom/http/server.hpp"

namespace stockroom::http {
namespace {

TEST(AddressParse, ReadsBothFamiliesAndLocalhost) {
    const struct {
        const char* text;
        const char* host;
        std::uint16_t port;
        const char* shown;
    } rows[] = {{"127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080"},
                {"0.0.0.0:0", "0.0.0.0", 0, "0.0.0.0:0"},
                {"[::1]:65535", "::1", 65535, "[::1]:65535"},
                {"localhost:80", "127.0.0.1", 80, "127.0.0.1:80"}};
    for (const auto& row : rows) {
        const auto address = Address::parse(row.text);
        ASSERT_TRUE(address.has_value()) << address.error();
        EXPECT_EQ(address->host, row.host);
        EXPECT_EQ(address->port, row.port);
        EXPECT_EQ(address->to_string(), row.shown);
    }
}

TEST(AddressParse, SaysWhatIsWrong) {
    for (const auto* text :
         {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
          "127.0.0.1:80x", "127.0.0.1: 80", ":8080", "example.org:80", "::1:80", "[::1:80",
          "[127.0.0.1]:80", "[localhost]:80", "256.0.0.1:80"}) {
        const auto address = Address::parse(text);
        ASSERT_FALSE(address.has_value()) << text;
        EXPECT_TRUE(address.error().starts_with("\"" + std::string(text) + "\": "));
    }
}

}  // namespace
}  // namespace stockroom::http
