#include "stockroom/base/total.hpp"

#include <limits>
#include <string_view>

#include <gtest/gtest.h>

#include "stockroom/base/check.hpp"

namespace stockroom::base {

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST(Total, HoldsMoreThan64Bits) {
    Total sum;
    for (int i = 0; i < 1'000; ++i)
        sum = sum.plus(Total(kLargest));
    EXPECT_EQ(sum.to_string(), "9223372036854775807000");
    EXPECT_EQ(Total::parse("9223372036854775807000"), sum);
    EXPECT_EQ(Total::from_parts(sum.billions(), sum.rest()), sum);
    EXPECT_EQ(sum.minus(sum), Total());
    EXPECT_EQ(sum.divided_by(1'000), Total(kLargest));
}

TEST(Total, SumsOfPartsArePartsOfTheSum) {
    Total sum;
    std::int64_t billions = 0;
    std::int64_t rest = 0;
    for (const std::int64_t value : {kLargest, kLargest - 1, std::int64_t{999'999'999}}) {
        sum = sum.plus(Total(value));
        billions += Total(value).billions();
        rest += Total(value).rest();
    }
    EXPECT_EQ(Total::from_parts(billions, rest), sum);
}

TEST(Total, ReadsOnlyWhatItWrites) {
    for (const std::string_view text :
         {"0", "7", "-7", "-9223372036854775809", "170141183460469231731687303715884105727",
          "-170141183460469231731687303715884105728"}) {
        const auto total = Total::parse(text);
        ASSERT_TRUE(total) << text;
        EXPECT_EQ(total->to_string(), text);
    }
    for (const std::string_view text :
         {"", "-", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "1e3", "x",
          "170141183460469231731687303715884105728", "-170141183460469231731687303715884105729"})
        EXPECT_FALSE(Total::parse(text)) << text;
}

TEST(Total, IsWrittenAsMoneyWithAllDecimals) {
    EXPECT_EQ(Total().to_money(), "0.00");
    EXPECT_EQ(Total(5).to_money(), "0.05");
    EXPECT_EQ(Total(-5).to_money(), "-0.05");
    EXPECT_EQ(Total(99).to_money(), "0.99");
    EXPECT_EQ(Total(100).to_money(), "1.00");
    EXPECT_EQ(Total(-12'345).to_money(), "-123.45");
    EXPECT_EQ(Total(kLargest).plus(Total(kLargest)).to_money(), "184467440737095516.14");
}

TEST(Total, AnAverageIsRoundedHalfUp) {
    EXPECT_EQ(Total(10).divided_by(4), Total(3));
    EXPECT_EQ(Total(9).divided_by(4), Total(2));
    EXPECT_EQ(Total(11).divided_by(4), Total(3));
    EXPECT_EQ(Total(7).divided_by(3), Total(2));
    EXPECT_EQ(Total(8).divided_by(3), Total(3));
    EXPECT_EQ(Total().divided_by(3), Total());
    EXPECT_THROW((void)Total(1).divided_by(0), bug);
    EXPECT_THROW((void)Total(-1).divided_by(1), bug);
}

}  // namespace stockroom::base
