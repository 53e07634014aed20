#include "stockroom/telemetry/log.hpp"

#include <cmath>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "stockroom/base/time.hpp"

namespace stockroom::telemetry {
namespace {

/// What was written to standard error since CaptureStderr, each line parsed as JSON.
std::vector<boost::json::object> captured_lines() {
    std::istringstream text(testing::internal::GetCapturedStderr());
    std::vector<boost::json::object> lines;
    for (std::string line; std::getline(text, line);)
        lines.push_back(boost::json::parse(line).as_object());
    return lines;
}

TEST(Log, WritesOneJsonObjectALine) {
    testing::internal::CaptureStderr();
    start_log("gateway", LogLevel::info);
    log(LogLevel::info, "request",
        {{"status", std::int64_t{200}},
         {"path", "/v1/\"items\"\n"},
         {"share", 0.5},
         {"new", true}});
    flush_log();
    const auto lines = captured_lines();
    ASSERT_EQ(lines.size(), 1U);
    const auto& line = lines.front();
    EXPECT_EQ(line.at("service"), "gateway");
    EXPECT_EQ(line.at("level"), "info");
    EXPECT_EQ(line.at("message"), "request");
    EXPECT_EQ(line.at("status"), 200);
    EXPECT_EQ(line.at("path"), "/v1/\"items\"\n");
    EXPECT_EQ(line.at("share"), 0.5);
    EXPECT_EQ(line.at("new"), true);
    EXPECT_TRUE(base::Time::parse(line.at("time").as_string().c_str()).has_value());
}

TEST(Log, DropsWhatIsBelowItsLevel) {
    testing::internal::CaptureStderr();
    start_log("gateway", LogLevel::warning);
    log(LogLevel::debug, "a");
    log(LogLevel::info, "b");
    log(LogLevel::warning, "c");
    log(LogLevel::error, "d");
    const auto lines = captured_lines();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].at("message"), "c");
    EXPECT_EQ(lines[0].at("level"), "warning");
    EXPECT_EQ(lines[1].at("message"), "d");
    EXPECT_EQ(lines[1].at("level"), "error");
}

TEST(Log, ReplacesBytesThatAreNotUtf8) {
    testing::internal::CaptureStderr();
    start_log("gateway", LogLevel::info);
    log(LogLevel::error, "a\xFFz", {{"cut", "é\xE2\x82"}, {"good", "é€𝄞"}});
    const auto lines = captured_lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].at("message"), "a\uFFFDz");
    EXPECT_EQ(lines[0].at("cut"), "é\uFFFD\uFFFD");
    EXPECT_EQ(lines[0].at("good"), "é€𝄞");
}

TEST(Log, WritesNumbersThatJsonDoesNotHaveAsNull) {
    testing::internal::CaptureStderr();
    start_log("gateway", LogLevel::info);
    log(LogLevel::error, "m", {{"nan", std::nan("")}, {"infinite", HUGE_VAL}});
    const auto lines = captured_lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].at("nan").is_null());
    EXPECT_TRUE(lines[0].at("infinite").is_null());
}

TEST(Log, HoldsInfoBackUntilFlushed) {
    testing::internal::CaptureStderr();
    start_log("gateway", LogLevel::info);
    log(LogLevel::info, "first");
    log(LogLevel::warning, "second");
    const auto lines = captured_lines();
    ASSERT_EQ(lines.size(), 2U) << "a warning takes along what waited before it";
    EXPECT_EQ(lines[0].at("message"), "first");
    EXPECT_EQ(lines[1].at("message"), "second");
}

TEST(Log, FlushesByItself) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const int saved = ::dup(STDERR_FILENO);
    ASSERT_GE(saved, 0);
    ::dup2(ends[1], STDERR_FILENO);
    start_log("gateway", LogLevel::info);
    log(LogLevel::info, "alone");
    pollfd readable{ends[0], POLLIN, 0};
    const int ready = ::poll(&readable, 1, 30'000);
    ::dup2(saved, STDERR_FILENO);
    for (const int descriptor : {saved, ends[0], ends[1]})
        ::close(descriptor);
    EXPECT_EQ(ready, 1);
}

TEST(Log, KeepsLinesOfManyThreadsWhole) {
    testing::internal::CaptureStderr();
    start_log("gateway", LogLevel::info);
    {
        std::vector<std::jthread> threads;
        threads.reserve(4);
        for (std::int64_t thread = 0; thread < 4; ++thread) {
            threads.emplace_back([thread] {
                for (std::int64_t i = 0; i < 500; ++i)
                    log(LogLevel::info, "line", {{"number", thread * 500 + i}});
            });
        }
    }
    flush_log();
    std::set<std::int64_t> numbers;
    for (const auto& line : captured_lines())
        numbers.insert(line.at("number").as_int64());
    EXPECT_EQ(numbers.size(), 2000U);
}

}  // namespace
}  // namespace stockroom::telemetry
