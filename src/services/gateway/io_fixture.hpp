#pragma once

#include <chrono>
#include <future>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "stockroom/base/time.hpp"
#include "stockroom/http/message.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::gateway {

/// For tests of coroutines: an io_context that the test's own thread runs, as far as it says.
class IoFixture : public testing::Test {
  protected:
    template <typename T>
    std::future<T> spawn(boost::asio::awaitable<T> coroutine) {
        auto result =
            boost::asio::co_spawn(context_, std::move(coroutine), boost::asio::use_future);
        settle();
        return result;
    }

    /// Runs what can run now.
    void settle() { context_.poll(); }

    /// Runs until the condition holds; false: it does not within 30 s.
    template <typename Condition>
    [[nodiscard]] bool run_until(Condition condition) {
        const base::Deadline deadline = base::in(std::chrono::seconds(30));
        while (!condition()) {
            if (std::chrono::steady_clock::now() >= deadline) return false;
            context_.run_one_until(deadline);
        }
        return true;
    }

    template <typename T>
    static bool is_ready(const std::future<T>& result) {
        return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }

    template <typename T>
    T receive(std::future<T> result) {
        EXPECT_TRUE(run_until([&result] { return is_ready(result); }));
        return result.get();
    }

    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        context_.get_executor()};
    telemetry::Metrics metrics_;
};

inline std::string header_of(const http::Response& response, std::string_view name) {
    for (const auto& [other, value] : response.headers)
        if (other == name) return value;
    return {};
}

}  // namespace stockroom::gateway
