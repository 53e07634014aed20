#include "store_url.hpp"

#include <gtest/gtest.h>

namespace stockroom {
namespace {

TEST(StoreUrl, GivesThePath) {
    EXPECT_EQ(sqlite_path("sqlite:var/stockroom.db").value(), "var/stockroom.db");
    EXPECT_EQ(sqlite_path("sqlite:/var/lib/stockroom.db").value(), "/var/lib/stockroom.db");
    EXPECT_TRUE(sqlite_path(kDefaultStoreUrl));
}

TEST(StoreUrl, SaysWhatToGiveInstead) {
    for (const std::string_view url : {"", "var/stockroom.db", "sqlite:", "sqlite://host/x.db",
                                       "SQLITE:x.db", "postgres://host/stockroom"}) {
        const auto path = sqlite_path(url);
        ASSERT_FALSE(path) << url;
        EXPECT_NE(path.error().find("sqlite:PATH"), std::string::npos) << path.error();
    }
}

}  // namespace
}  // namespace stockroom
