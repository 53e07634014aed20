#include "stockroom/base/uuid.hpp"

#include <array>
#include <set>

#include <gtest/gtest.h>

namespace stockroom::base {
namespace {

Uuid v8(std::string_view a, std::string_view b) {
    return Uuid::make_v8(std::array<std::string_view, 2>{a, b});
}

TEST(Uuid, ReadsWhatItPrints) {
    constexpr auto kText = "0193b7a4-5c1e-7a3f-8b21-0123456789ab";
    ASSERT_TRUE(Uuid::parse(kText));
    EXPECT_EQ(Uuid::parse(kText)->to_string(), kText);
    EXPECT_EQ(Uuid::parse("0193B7A4-5C1E-7A3F-8B21-0123456789AB"), Uuid::parse(kText));
}

TEST(Uuid, RefusesAnythingElse) {
    for (const auto* text :
         {"", "no", "0193b7a45c1e7a3f8b210123456789ab", "0193b7a4-5c1e-7a3f-8b21-0123456789a",
          "0193b7a4-5c1e-7a3f-8b21-0123456789abc", "0193b7a4-5c1e-7a3f-8b21-0123456789ag",
          "0193b7a4_5c1e_7a3f_8b21_0123456789ab", "{193b7a4-5c1e-7a3f-8b21-0123456789ab"}) {
        EXPECT_EQ(Uuid::parse(text), std::nullopt) << text;
    }
}

TEST(Uuid, VersionSevenSortsByTimeAndNeverRepeats) {
    const auto early = Uuid::make_v7(Time::from_microseconds(1'700'000'000'000'000));
    const auto late = Uuid::make_v7(Time::from_microseconds(1'700'000'000'001'000));
    EXPECT_LT(early, late);
    EXPECT_EQ(early.to_string()[14], '7');

    std::set<Uuid> seen;
    for (int i = 0; i < 1000; ++i)
        seen.insert(Uuid::make_v7(Time::from_microseconds(0)));
    EXPECT_EQ(seen.size(), 1000U);
}

TEST(Uuid, VersionEightIsTheSameForTheSameParts) {
    EXPECT_EQ(v8("alice", "key-1"), v8("alice", "key-1"));
    EXPECT_NE(v8("alice", "key-1"), v8("alice", "key-2"));
    EXPECT_NE(v8("ab", "c"), v8("a", "bc"));
    EXPECT_EQ(v8("alice", "key-1").to_string()[14], '8');
}

TEST(Fingerprint, TellsBodiesApart) {
    EXPECT_EQ(fingerprint_of("a"), fingerprint_of("a"));
    EXPECT_NE(fingerprint_of("a"), fingerprint_of("b"));
}

}  // namespace
}  // namespace stockroom::base
