#include "stockroom/wiring/store_url.hpp"

#include <gtest/gtest.h>

#include "stockroom/wiring/store_tools.hpp"

namespace stockroom::wiring {
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

TEST(StoreUrl, KnowsBothNamesOfPostgres) {
    for (const std::string_view url : {"postgres://host/db", "postgresql://u:p@host:5432/db"})
        EXPECT_EQ(postgres_url(url).value(), url);
    for (const std::string_view url : {"", "sqlite:x.db", "postgres:", "postgres:host/db",
                                       "POSTGRES://host/db", "host=127.0.0.1"}) {
        const auto refused = postgres_url(url);
        ASSERT_FALSE(refused) << url;
        EXPECT_NE(refused.error().find("postgres://"), std::string::npos) << refused.error();
    }
}

TEST(StoreUrl, AnAuditOfAnUnknownStoreNamesTheKnownOnes) {
    for (const std::string_view url : {"", "oracle:x", "postgres:", "host=127.0.0.1"}) {
        const auto source = open_audit(url);
        ASSERT_FALSE(source) << url;
        EXPECT_EQ(source.error().kind, ports::ErrorKind::permanent);
        EXPECT_NE(source.error().detail.find("sqlite:PATH or postgres://"), std::string::npos);
    }
}

TEST(StoreUrl, ARefusalShowsNoPassword) {
    for (const std::string_view url :
         {"mysql://user:SECRET@host/db", "postgres:user:SECRET@host", "user:SECRET@host",
          "postgres://user:SEC@RET@127.0.0.1/db", "postgres://user:SECRET/x@127.0.0.1/db"}) {
        const auto refused = postgres_url(url);
        ASSERT_FALSE(refused) << url;
        EXPECT_EQ(refused.error().find("RET"), std::string::npos) << refused.error();
        const auto source = open_audit(url);
        ASSERT_FALSE(source) << url;
        EXPECT_EQ(source.error().detail.find("RET"), std::string::npos) << source.error().detail;
    }
    EXPECT_NE(postgres_url("postgres://u:a@b@h").error().find("@ is %40"), std::string::npos);
    EXPECT_NE(open_audit("postgres://u:a@b@h").error().detail.find("@ is %40"), std::string::npos);
}

}  // namespace
}  // namespace stockroom::wiring
