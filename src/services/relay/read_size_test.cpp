#include "read_size.hpp"

#include <gtest/gtest.h>

namespace stockroom::relay {
namespace {

constexpr std::size_t kMost = 1'000;

/// Of a backlog without end.
void publish_all(ReadSize& size, std::size_t bytes_of_one, int times = 1) {
    for (int time = 0; time < times; ++time)
        size.published(size.get(), size.get() * bytes_of_one);
}

TEST(ReadSize, GrowsFromFewToTheMost) {
    ReadSize size({.events_max = kMost, .bytes_max = 1'000'000});
    const auto first = size.get();
    EXPECT_LT(first, 100U);
    publish_all(size, 100);
    EXPECT_EQ(size.get(), 2 * first);
    publish_all(size, 100, 20);
    EXPECT_EQ(size.get(), kMost);
}

TEST(ReadSize, HoldsAsManyAsFit) {
    ReadSize size({.events_max = kMost, .bytes_max = 1'000'000});
    publish_all(size, 100, 20);
    publish_all(size, 20'000);
    EXPECT_EQ(size.get(), 50U);
    publish_all(size, 5'000'000);
    EXPECT_EQ(size.get(), 1U) << "one may be longer than all should be";
    publish_all(size, 0, 20);
    EXPECT_EQ(size.get(), kMost);
}

TEST(ReadSize, HalvesWhatFailed) {
    ReadSize size({.events_max = kMost, .bytes_max = 1'000'000});
    publish_all(size, 100, 20);
    size.failed();
    EXPECT_EQ(size.get(), kMost / 2);
    for (int time = 0; time < 20; ++time)
        size.failed();
    EXPECT_EQ(size.get(), 1U);
    publish_all(size, 100);
    EXPECT_EQ(size.get(), 2U);
}

TEST(ReadSize, IsNeverMoreThanTheMost) {
    EXPECT_EQ(ReadSize({.events_max = 4, .bytes_max = 1'000}).get(), 4U);
}

}  // namespace
}  // namespace stockroom::relay
