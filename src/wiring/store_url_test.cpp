#include "stockroom/wiring/store_url.hpp"

#include <utility>
#include <vector>

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

TEST(StoreUrl, ShowsNoPassword) {
    const std::vector<std::pair<std::string_view, std::string_view>> cases{
        {"", ""},
        {"sqlite:var/a@b:c.db", "sqlite:var/a@b:c.db"},
        {"postgres://host:5432/db", "postgres://host:5432/db"},
        {"postgres://user@host:5432/db", "postgres://user@host:5432/db"},
        {"postgres://user:secret@host:5432/db", "postgres://user:***@host:5432/db"},
        {"amqps://user:sec@ret/:1@host/%2F", "amqps://user:***@host/%2F"},
        {"amqp://:secret@host", "amqp://:***@host"},
        {"postgres://host/db?password=secret", "postgres://host/db?password=***"},
        {"postgres://host/db?sslpassword=secret&user=me&password=other",
         "postgres://host/db?sslpassword=***&user=me&password=***"},
        {"postgres://user@host:5432/db?password=sec@ret", "postgres://user@host:***"},
        {"postgres://user:a@b/db?password=c@d&user=me", "postgres://user:***&user=me"},
        {"host=127.0.0.1 password=secret user=me", "host=127.0.0.1 password=*** user=me"},
    };
    for (const auto& [url, shown] : cases)
        EXPECT_EQ(redact(url), shown);
    constexpr std::string_view kUrl = "postgres://user:sec%zz@host/db";
    EXPECT_EQ(redact_in("in URI: \"" + std::string(kUrl) + '"', kUrl),
              "in URI: \"postgres://user:***@host/db\"");
    EXPECT_EQ(redact_in("bad token \"sec%zz\"", kUrl), "bad token \"***\"");
    EXPECT_EQ(redact_in("nothing", "postgres://user:@host"), "nothing");
    const auto refused = postgres_url("mysql://user:secret@host/db");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().find("secret"), std::string::npos) << refused.error();
}

}  // namespace
}  // namespace stockroom::wiring
