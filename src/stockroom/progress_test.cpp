#include "progress.hpp"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom {
namespace {

TEST(Progress, SaysHowFarHowFastAndHowLongStill) {
    EXPECT_EQ(progress_line("replaying", 0, 2400, 0),
              "replaying [                              ]   0 %  0 of 2400");
    EXPECT_EQ(progress_line("replaying", 1200, 2400, 2),
              "replaying [###############               ]  50 %  1200 of 2400  600/s  2 s left");
    EXPECT_EQ(progress_line("replaying", 2399, 2400, 4),
              "replaying [############################# ]  99 %  2399 of 2400  600/s  1 s left");
    EXPECT_EQ(progress_line("replaying", 2400, 2400, 4),
              "replaying [##############################] 100 %  2400 of 2400  600/s");
    EXPECT_EQ(progress_line("replaying", 0, 0, 0),
              "replaying [##############################] 100 %  0 of 0");
}

TEST(Progress, DrawsSeldomAndEndsItsLine) {
    std::ostringstream out;
    {
        ProgressBar bar(out, true, "replaying", 1'000'000);
        for (int done = 1; done <= 1'000'000; ++done)
            bar.set(done);
    }
    const std::string text = out.str();
    EXPECT_LT(std::ranges::count(text, '\r'), 100'000);
    EXPECT_THAT(text, testing::HasSubstr("100 %  1000000 of 1000000"));
    EXPECT_TRUE(text.ends_with("\x1b[K\n"));
}

TEST(Progress, IsSilentWhereNobodyWatches) {
    std::ostringstream out;
    {
        ProgressBar bar(out, false, "replaying", 10);
        bar.set(10);
    }
    EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace stockroom
