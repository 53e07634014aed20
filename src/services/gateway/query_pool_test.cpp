#include "query_pool.hpp"

#include <chrono>
#include <future>
#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "scripted_bus.hpp"

namespace stockroom::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;

class QueryPoolTest : public testing::Test {
  protected:
    QueryPoolTest() {
        EXPECT_TRUE(pool_.start([this] { return std::make_unique<KnownCommandsQueries>(known_); }));
    }
    ~QueryPoolTest() override { pool_.stop(); }

    template <typename Read>
    auto ask(Read read, base::Deadline deadline) {
        auto answer =
            asio::co_spawn(context_, pool_.run(std::move(read), deadline), asio::use_future);
        context_.poll();
        return answer;
    }

    template <typename Answer>
    auto receive(Answer& answer) {
        const base::Deadline deadline = base::in(seconds(30));
        while (answer.wait_for(seconds(0)) != std::future_status::ready &&
               std::chrono::steady_clock::now() < deadline)
            context_.run_one_until(deadline);
        return answer.get();
    }

    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    telemetry::Metrics metrics_;
    KnownCommands known_;
    QueryPool pool_{context_, 1, 2, metrics_};
};

TEST_F(QueryPoolTest, GivesWhatTheReadReturns) {
    auto answer = ask([](ports::Queries&) { return 7; }, base::in(seconds(30)));
    EXPECT_EQ(receive(answer).value(), 7);
}

TEST_F(QueryPoolTest, ThrowsWhatTheReadThrows) {
    const auto read = [](ports::Queries&) -> int { throw std::runtime_error("a broken read"); };
    auto answer = ask(read, base::in(seconds(30)));
    EXPECT_THROW(receive(answer), std::runtime_error);
}

TEST_F(QueryPoolTest, RefusesWhatIsTooMuchOrTooLate) {
    std::promise<void> begun;
    std::promise<void> open;
    auto first = ask(
        [&](ports::Queries&) {
            begun.set_value();
            open.get_future().wait();
            return 1;
        },
        base::in(seconds(30)));
    begun.get_future().wait();

    auto late = ask([](ports::Queries&) { return 2; }, std::chrono::steady_clock::now());
    EXPECT_EQ(receive(late).error(), QueryPool::Refusal::late);
    auto third = ask([](ports::Queries&) { return 3; }, base::in(seconds(30)));
    auto full = ask([](ports::Queries&) { return 4; }, base::in(seconds(30)));
    EXPECT_EQ(receive(full).error(), QueryPool::Refusal::full);

    open.set_value();
    EXPECT_EQ(receive(first).value(), 1);
    EXPECT_EQ(receive(third).value(), 3);
}

TEST(QueryPool, SaysWhyItCannotStart) {
    asio::io_context context;
    telemetry::Metrics metrics;
    QueryPool pool(context, 2, 10, metrics);
    const auto started = pool.start([] {
        return std::unexpected(ports::Error{ports::ErrorKind::permanent, "the disk is gone"});
    });
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().detail, "the disk is gone");
}

}  // namespace
}  // namespace stockroom::gateway
