#include "stockroom/http/network.hpp"

#include <gtest/gtest.h>

namespace stockroom::http {
namespace {

TEST(Network, ContainsItsAddresses) {
    struct Case {
        std::string_view network;
        std::string_view address;
        bool is_in;
    };
    const Case cases[] = {
        {"127.0.0.0/8", "127.0.0.1", true},
        {"127.0.0.0/8", "127.255.255.255", true},
        {"127.0.0.0/8", "128.0.0.1", false},
        {"192.0.2.77/24", "192.0.2.1", true},
        {"192.0.2.77/24", "192.0.3.1", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "::1", false},
        {"198.51.100.7", "198.51.100.7", true},
        {"198.51.100.7", "198.51.100.8", false},
        {"::1/128", "::1", true},
        {"::1", "::2", false},
        {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/32", "2001:db9::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "127.0.0.1", false},
        {"127.0.0.0/8", "", false},
        {"127.0.0.0/8", "localhost", false},
    };
    for (const auto& [network, address, is_in] : cases) {
        const auto parsed = Network::parse(network);
        ASSERT_TRUE(parsed) << network;
        EXPECT_EQ(parsed->contains(address), is_in) << address << " in " << network;
    }
}

TEST(Network, RefusesWhatIsNone) {
    for (const std::string_view text :
         {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/8/8",
          "10.0.0.0/a", "::/129", "::1/", "localhost", "localhost/8", "10.0.0.0/8 ", "all"})
        EXPECT_FALSE(Network::parse(text)) << text;
}

}  // namespace
}  // namespace stockroom::http
