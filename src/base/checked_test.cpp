#include "stockroom/base/checked.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace stockroom::base {
namespace {

constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
constexpr auto kMin = std::numeric_limits<std::int64_t>::min();

TEST(Checked, AddsUpToTheLastValueThatFits) {
    EXPECT_EQ(checked_add(kMax - 1, 1), kMax);
    EXPECT_EQ(checked_add(kMax, 1), std::nullopt);
    EXPECT_EQ(checked_add(kMin, -1), std::nullopt);
}

TEST(Checked, MultipliesUpToTheLastValueThatFits) {
    EXPECT_EQ(checked_multiply(kMax / 2, 2), kMax - 1);
    EXPECT_EQ(checked_multiply(kMax / 2 + 1, 2), std::nullopt);
    EXPECT_EQ(checked_multiply(kMin, -1), std::nullopt);
}

}  // namespace
}  // namespace stockroom::base
