#include "stockroom/runtime/redact.hpp"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace stockroom::runtime {
namespace {

TEST(Redact, HidesEachPasswordOfAUrl) {
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
        {"postgres:user:secret@host", "postgres:***@host"},
        {"user:secret@host", "user:***@host"},
        {"--storeurl=postgres://user:sec#ret@host", "--storeurl=postgres://user:***@host"},
    };
    for (const auto& [url, shown] : cases)
        EXPECT_EQ(redact(url), shown);
}

TEST(Redact, HidesThePasswordInAMessageAboutAUrl) {
    constexpr std::string_view kUrl = "postgres://user:sec%zz@host/db";
    EXPECT_EQ(redact_in("in URI: \"" + std::string(kUrl) + '"', kUrl),
              "in URI: \"postgres://user:***@host/db\"");
    EXPECT_EQ(redact_in("bad token \"sec%zz\"", kUrl), "bad token \"***\"");
    EXPECT_EQ(redact_in("nothing", "postgres://user:@host"), "nothing");
    EXPECT_EQ(redact_in("nothing", ""), "nothing");
}

TEST(Redact, HidesPasswordsInAnyText) {
    EXPECT_EQ(redact_words("not expected: postgres://u:secret@h --x=amqp://u:secret@h\nmore\n"),
              "not expected: postgres://u:***@h --x=amqp://u:***@h\nmore\n");
    EXPECT_EQ(redact_words("give postgres://USER@HOST:PORT/DATABASE, like sqlite:a.db  "),
              "give postgres://USER@HOST:PORT/DATABASE, like sqlite:a.db  ");
}

TEST(Redact, APasswordMustBePercentEncoded) {
    for (const std::string_view url :
         {"postgres://u:sec@ret@127.0.0.1:5432/db", "postgres://u:sec/ret@127.0.0.1:5432/db",
          "postgres://u:sec#ret@h/db", "postgres://u:sec?ret@h/db", "amqp://u:sec ret@h/v",
          "amqp://u:12/ret@h", "amqp://u:1?2@h", "postgres://u:a@b/c@h/db",
          "postgres://u:a@b?c@h/db", "postgres:u:sec@ret@h"}) {
        const auto refused = require_encoded_password(url);
        ASSERT_FALSE(refused) << url;
        EXPECT_NE(refused.error().find("percent-encode it: @ is %40, / is %2F"), std::string::npos);
        EXPECT_EQ(refused.error().find("ret"), std::string::npos);
    }
    for (const std::string_view url :
         {"postgres://h/db", "postgres://u@h:5432/db?sslmode=verify-full",
          "postgres://u:s%40c%2Fr%23t@h:5432/db", "postgres://u:p@h/db?password=c@d",
          "postgres://h:5432/db?user=u&password=c@d", "postgres://[::1]:5432/db?user=a@b",
          "amqps://u:p@h:5671/%2F", "amqp://u@h/v", "postgres://u:p@h1:1,h2:2/db"})
        EXPECT_TRUE(require_encoded_password(url)) << url;
}

}  // namespace
}  // namespace stockroom::runtime
