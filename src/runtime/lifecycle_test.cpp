#include "stockroom/runtime/lifecycle.hpp"

#include <future>

#include <gtest/gtest.h>
#include <unistd.h>

#include "stockroom/runtime/command_line.hpp"

namespace stockroom::runtime {
namespace {

TEST(Lifecycle, StopsOnASignalAndExitsWithZero) {
    for (const int signal : {SIGTERM, SIGINT}) {
        Lifecycle lifecycle;
        bool stopped = false;
        kill(getpid(), signal);
        EXPECT_EQ(lifecycle.run_until_stopped([&] { stopped = true; }), kExitDone);
        EXPECT_TRUE(stopped);
    }
}

TEST(Lifecycle, ExitsWithOneAfterAFailure) {
    Lifecycle lifecycle;
    lifecycle.fail("the first reason");
    lifecycle.fail("a second one");
    EXPECT_EQ(lifecycle.run_until_stopped([] {}), kExitFailed);
}

TEST(Lifecycle, IgnoresABrokenPipe) {
    const Lifecycle lifecycle;
    EXPECT_EQ(raise(SIGPIPE), 0);
}

class LifecycleDeathTest : public testing::Test {
  protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(LifecycleDeathTest, EndsAtOnceOnASecondSignal) {
    EXPECT_EXIT(
        {
            Lifecycle lifecycle;
            kill(getpid(), SIGTERM);
            const int code = lifecycle.run_until_stopped([] { raise(SIGINT); });
            _exit(code);
        },
        testing::KilledBySignal(SIGINT), "");
}

TEST_F(LifecycleDeathTest, EndsAStopThatTakesTooLong) {
    for (const int late_exit_code : {kExitFailed, kExitDone, 7})
        EXPECT_EXIT(
            {
                Lifecycle lifecycle(std::chrono::milliseconds(1), late_exit_code);
                kill(getpid(), SIGTERM);
                std::promise<void> never;
                (void)lifecycle.run_until_stopped([&] { never.get_future().wait(); });
                _exit(99);
            },
            testing::ExitedWithCode(late_exit_code), "");
}

}  // namespace
}  // namespace stockroom::runtime
