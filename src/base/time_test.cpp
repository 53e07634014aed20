#include "stockroom/base/time.hpp"

#include <gtest/gtest.h>

namespace stockroom::base {
namespace {

TEST(Time, ReadsRfc3339) {
    EXPECT_EQ(Time::parse("1970-01-01T00:00:00Z")->microseconds(), 0);
    EXPECT_EQ(Time::parse("2026-11-21T10:00:00Z")->microseconds(), 1'795'255'200'000'000);
    EXPECT_EQ(Time::parse("2026-11-21T12:30:00+02:30"), Time::parse("2026-11-21T10:00:00Z"));
    EXPECT_EQ(Time::parse("2026-11-21t10:00:00.5z")->microseconds(), 1'795'255'200'500'000);
    EXPECT_EQ(Time::parse("2026-11-21T10:00:00.123456789Z")->microseconds(), 1'795'255'200'123'456);
    EXPECT_EQ(Time::parse("1969-12-31T23:59:59.999999Z")->microseconds(), -1);
    EXPECT_EQ(Time::parse("2016-12-31T23:59:60Z"), Time::parse("2017-01-01T00:00:00Z"));
}

TEST(Time, RefusesAnythingElse) {
    for (const auto* text :
         {"", "2026-11-21", "2026-11-21T10:00:00", "2026-11-21 10:00:00Z", "2026-13-01T00:00:00Z",
          "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z",
          "2026-11-21T10:00:61Z", "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00+24:00",
          "2026-11-21T10:00:00Zx", "0000-01-01T00:00:00Z", "2026-11-21T10:00:00.1234567890Z",
          "9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:60Z"}) {
        EXPECT_EQ(Time::parse(text), std::nullopt) << text;
    }
}

TEST(Time, PrintsSixDecimals) {
    EXPECT_EQ(Time::parse("2026-11-21T10:00:00.5Z")->to_string(), "2026-11-21T10:00:00.500000Z");
    EXPECT_EQ(Time::from_microseconds(-1).to_string(), "1969-12-31T23:59:59.999999Z");
}

}  // namespace
}  // namespace stockroom::base
