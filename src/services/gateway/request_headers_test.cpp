#include "request_headers.hpp"

#include <string>

#include <gtest/gtest.h>

namespace stockroom::gateway {
namespace {

using std::chrono::seconds;

TEST(Prefer, ReadsWhatIsFollowed) {
    struct Row {
        std::string_view header;
        std::optional<seconds> wait;
        bool respond_async;
    };
    const Row rows[] = {
        {"", std::nullopt, false},
        {"wait=10", seconds(10), false},
        {"wait=0", seconds(0), false},
        {"Wait = 7", seconds(7), false},
        {"wait=\"8\"", seconds(8), false},
        {"wait=31", seconds(30), false},
        {"wait=99999999999999999999999", seconds(30), false},
        {"respond-async", std::nullopt, true},
        {"RESPOND-ASYNC", std::nullopt, true},
        {"respond-async, wait=3", seconds(3), true},
        {"wait=3;hint=1 , respond-async", seconds(3), true},
        {"return=minimal, wait=4", seconds(4), false},
        {"note=\"a, wait=9\", wait=4", seconds(4), false},
        {"wait=5, wait=6", seconds(5), false},
    };
    for (const Row& row : rows) {
        const Preference preference = parse_prefer(row.header);
        EXPECT_EQ(preference.wait, row.wait) << row.header;
        EXPECT_EQ(preference.respond_async, row.respond_async) << row.header;
    }
}

TEST(Prefer, PassesOverWhatIsMalformed) {
    for (const std::string_view header :
         {"wait", "wait=", "wait=-1", "wait=1.5", "wait=abc", "wait=1 2", "respond-async=yes",
          "respond", ",,,", "\"wait=3", "wait=x, wait=4"}) {
        const Preference preference = parse_prefer(header);
        EXPECT_EQ(preference.wait, std::nullopt) << header;
        EXPECT_FALSE(preference.respond_async) << header;
    }
}

TEST(IfMatch, GivesTheVersion) {
    EXPECT_EQ(parse_if_match("\"3\"").value(), 3);
    EXPECT_EQ(parse_if_match("  \"12\" ").value(), 12);
    EXPECT_EQ(parse_if_match("*").value(), std::nullopt);
}

TEST(IfMatch, MatchesNothingWhenTheTagIsOfNoVersion) {
    for (const std::string_view header :
         {"W/\"3\"", "\"abc\"", "\"\"", "\"0\"", "\"03\"", "\"-1\"", "\"99999999999999999999\""})
        EXPECT_EQ(parse_if_match(header).value(), kNoVersion) << header;
}

TEST(IfMatch, RefusesWhatIsNoEntityTag) {
    for (const std::string_view header :
         {"", "3", "\"3", "3\"", "\"", "w/\"3\"", "\"3\", \"4\"", "*, \"3\"", "\"3 4\""})
        EXPECT_FALSE(parse_if_match(header).has_value()) << header;
}

TEST(IdempotencyKey, IsVisibleAscii) {
    EXPECT_TRUE(is_idempotency_key("7f3c-web-1001"));
    EXPECT_TRUE(is_idempotency_key("!~"));
    EXPECT_TRUE(is_idempotency_key(std::string(255, 'k')));
    EXPECT_FALSE(is_idempotency_key(std::string(256, 'k')));
    for (const std::string_view text : {"", " ", "a b", "a\tb", "\x7f", "clé"})
        EXPECT_FALSE(is_idempotency_key(text)) << text;
}

TEST(MediaType, IsComparedWithoutItsParameters) {
    constexpr std::string_view kPatch = "application/merge-patch+json";
    EXPECT_TRUE(is_media_type("application/merge-patch+json", kPatch));
    EXPECT_TRUE(is_media_type("Application/Merge-Patch+JSON ; charset=utf-8", kPatch));
    for (const std::string_view header :
         {"", "application/json", "application/merge-patch+jsonp",
          "application/merge-patch+json, text/plain", "application/"})
        EXPECT_FALSE(is_media_type(header, kPatch)) << header;
}

TEST(EntityTag, IsTheVersionInQuotes) {
    EXPECT_EQ(entity_tag(3), "\"3\"");
}

}  // namespace
}  // namespace stockroom::gateway
