#include "stockroom/telemetry/metrics.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/base/check.hpp"

namespace stockroom::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, WritesTheTextFormat) {
    Metrics metrics;
    metrics.counter("stockroom_orders_total", "Orders placed", {{"state", "reserved"}}).add(3);
    metrics.gauge("stockroom_queue_length", "Commands that wait").set(7);
    const std::string text = metrics.to_text();
    EXPECT_THAT(text, HasSubstr("# HELP stockroom_orders_total Orders placed\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE stockroom_orders_total counter\n"));
    EXPECT_THAT(text, HasSubstr("stockroom_orders_total{state=\"reserved\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE stockroom_queue_length gauge\n"));
    EXPECT_THAT(text, HasSubstr("stockroom_queue_length 7\n"));
}

TEST(Metrics, GivesTheSameSeriesForTheSameNameAndLabels) {
    Metrics metrics;
    for (int i = 0; i < 3; ++i)
        metrics.counter("stockroom_x_total", "X", {{"a", "1"}}).add();
    metrics.counter("stockroom_x_total", "X", {{"a", "2"}}).add();
    const std::string text = metrics.to_text();
    EXPECT_THAT(text, HasSubstr("stockroom_x_total{a=\"1\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("stockroom_x_total{a=\"2\"} 1\n"));
    EXPECT_EQ(text.find("# TYPE stockroom_x_total"), text.rfind("# TYPE stockroom_x_total"));
}

TEST(Metrics, GaugesGoUpAndDown) {
    Metrics metrics;
    auto gauge = metrics.gauge("stockroom_open", "Open");
    gauge.add(5);
    gauge.add(-2);
    EXPECT_THAT(metrics.to_text(), HasSubstr("stockroom_open 3\n"));
}

TEST(Metrics, AnAgeGrowsUntilItIsRead) {
    using namespace std::chrono_literals;
    Metrics metrics;
    auto age = metrics.age("stockroom_age_seconds", "Age", {{"of", "a"}});
    const auto shown = [&metrics] {
        const std::string text = metrics.to_text();
        const std::string_view name = "\nstockroom_age_seconds{of=\"a\"} ";
        return std::stod(text.substr(text.find(name) + name.size()));
    };
    EXPECT_EQ(shown(), 0);
    age.start(std::chrono::steady_clock::now() - 1h);
    const double first = shown();
    EXPECT_GE(first, 3'600);
    EXPECT_GT(shown(), first) << "nobody has set it meanwhile";
    metrics.age("stockroom_age_seconds", "Age", {{"of", "a"}}).stop();
    EXPECT_EQ(shown(), 0);
}

TEST(Metrics, PutsAnObservationIntoItsBucket) {
    Metrics metrics;
    auto histogram = metrics.histogram("stockroom_batch", "Commands a batch", size_buckets());
    histogram.observe(3);
    histogram.observe(2000);
    const std::string text = metrics.to_text();
    EXPECT_THAT(text, HasSubstr("stockroom_batch_bucket{le=\"2\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("stockroom_batch_bucket{le=\"4\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("stockroom_batch_bucket{le=\"+Inf\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("stockroom_batch_sum 2003\n"));
}

TEST(Metrics, KeepsTwoProcessesApart) {
    Metrics one;
    const Metrics other;
    one.counter("stockroom_y_total", "Y").add();
    EXPECT_THAT(other.to_text(), Not(HasSubstr("stockroom_y_total")));
}

TEST(Metrics, RefusesANameWithoutThePrefix) {
    Metrics metrics;
    EXPECT_THROW((void)metrics.counter("orders_total", "Orders"), base::bug);
}

TEST(Metrics, CountsFromManyThreads) {
    Metrics metrics;
    auto counter = metrics.counter("stockroom_z_total", "Z");
    {
        std::vector<std::jthread> threads;
        threads.reserve(4);
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([counter]() mutable {
                for (int j = 0; j < 1000; ++j)
                    counter.add();
            });
        }
    }
    EXPECT_THAT(metrics.to_text(), HasSubstr("stockroom_z_total 4000\n"));
}

TEST(Buckets, Ascend) {
    EXPECT_TRUE(std::ranges::is_sorted(duration_buckets()));
    EXPECT_DOUBLE_EQ(duration_buckets().front(), 0.00005);
    EXPECT_DOUBLE_EQ(duration_buckets().back(), 10);
    EXPECT_TRUE(std::ranges::is_sorted(size_buckets()));
}

}  // namespace
}  // namespace stockroom::telemetry
