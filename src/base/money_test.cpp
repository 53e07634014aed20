#include "stockroom/base/money.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace stockroom::base {
namespace {

TEST(Money, ReadsPlainDecimals) {
    EXPECT_EQ(Money::parse("25")->minor(), 2500);
    EXPECT_EQ(Money::parse("25.5")->minor(), 2550);
    EXPECT_EQ(Money::parse("25.05")->minor(), 2505);
    EXPECT_EQ(Money::parse("0.01")->minor(), 1);
    EXPECT_EQ(Money::parse("-1")->minor(), -100);
    EXPECT_EQ(Money::parse("-0")->minor(), 0);
    EXPECT_EQ(Money::parse("007.00")->minor(), 700);
}

TEST(Money, RefusesAnythingElse) {
    for (const auto* text : {"", "-", ".", ".5", "5.", "1e2", "1E2", "+1", " 1", "1 ", "0.001",
                             "abc", "1,00", "0x10", "--1", "1.2.3", "1e400", "NaN"}) {
        EXPECT_EQ(Money::parse(text), std::nullopt) << text;
    }
}

TEST(Money, ReachesToTheEndsOf64BitsAndNoFurther) {
    EXPECT_EQ(Money::parse("92233720368547758.07")->minor(),
              std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(Money::parse("92233720368547758.08"), std::nullopt);
    EXPECT_EQ(Money::parse("-92233720368547758.08")->minor(),
              std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(Money::parse("-92233720368547758.09"), std::nullopt);
    EXPECT_EQ(Money::parse("92233720368547759"), std::nullopt);
}

TEST(Money, PrintsWhatItReads) {
    for (const auto* text :
         {"25.00", "0.00", "0.05", "-0.05", "92233720368547758.07", "-92233720368547758.08"}) {
        EXPECT_EQ(Money::parse(text)->to_string(), text);
    }
}

TEST(Money, SaysWhenASumOrAProductDoesNotFit) {
    const auto most = Money::from_minor(std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(most.plus(Money::from_minor(1)), std::nullopt);
    EXPECT_EQ(most.times(2), std::nullopt);
    EXPECT_EQ(Money::from_minor(250).times(4), Money::from_minor(1000));
}

}  // namespace
}  // namespace stockroom::base
