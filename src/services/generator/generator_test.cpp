#include "stockroom/generator/generator.hpp"

#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/base/mutex.hpp"
#include "stockroom/contract/json.hpp"
#include "stockroom/http/server.hpp"

#include "draw.hpp"

namespace stockroom::generator {
namespace {

using std::chrono::milliseconds;

/// Far enough away never to be met.
base::Deadline patience() {
    return base::in(std::chrono::seconds(100));
}

struct Sent {
    std::string key;
    std::string body;
};

/// Answers as it is told, and keeps what it was sent.
class FakeGateway {
  public:
    FakeGateway() : server_(context_, make_routes(), {}, metrics_) {
        auto bound = server_.start({.host = "127.0.0.1", .port = 0});
        url_ = http_client::ServerUrl::parse("http://" + bound.value().to_string()).value();
        thread_ = std::jthread([this] { context_.run(); });
    }
    ~FakeGateway() {
        boost::asio::post(context_, [this] {
            server_.stop();
            work_.reset();
        });
        thread_.join();
    }
    FakeGateway(const FakeGateway&) = delete;
    FakeGateway& operator=(const FakeGateway&) = delete;

    [[nodiscard]] const http_client::ServerUrl& url() const { return url_; }

    /// The answer to the nth order, counted from 1.
    void answer_orders(std::function<int(std::size_t)> status) {
        const base::lock_guard lock(mutex_);
        status_ = std::move(status);
    }
    /// How often it was read before.
    int set_catalogue(std::string items) {
        const base::lock_guard lock(mutex_);
        items_ = std::move(items);
        return catalogue_reads_;
    }
    [[nodiscard]] bool wait_for_orders(std::size_t count) {
        const auto deadline = patience();
        const base::lock_guard lock(mutex_);
        while (sent_.size() < count)
            if (!changed_.wait_until(mutex_, deadline)) return false;
        return true;
    }
    [[nodiscard]] std::vector<Sent> sent() {
        const base::lock_guard lock(mutex_);
        return sent_;
    }
    [[nodiscard]] bool wait_for_catalogue_reads(int count) {
        const auto deadline = patience();
        const base::lock_guard lock(mutex_);
        while (catalogue_reads_ < count)
            if (!changed_.wait_until(mutex_, deadline)) return false;
        return true;
    }

  private:
    using Answer = boost::asio::awaitable<http::Response>;

    static Answer at_once(http::Response response) { co_return response; }

    http::Router make_routes() {
        http::Router router;
        router.add("GET", "/v1/items", [this](const http::Request&) { return at_once(list()); });
        router.add("POST", "/v1/orders",
                   [this](const http::Request& request) { return at_once(place(request)); });
        router.add("GET", "/v1/statistics/orders", [](const http::Request&) {
            return at_once({.body = R"({"processed":12,"rejected":1,"units":3,)"
                                    R"("total_execution_price":"9.00",)"
                                    R"("average_execution_price":"0.75"})"});
        });
        return router;
    }
    http::Response list() {
        const base::lock_guard lock(mutex_);
        ++catalogue_reads_;
        changed_.notify_all();
        return items_.empty() ? http::Response{.status = 503, .body = "{}"}
                              : http::Response{.body = R"({"items":)" + items_ + "}"};
    }
    http::Response place(const http::Request& request) {
        const base::lock_guard lock(mutex_);
        sent_.push_back({request.header("idempotency-key").value_or(""), request.body});
        changed_.notify_all();
        return {.status = status_(sent_.size()), .body = "{}"};
    }

    base::mutex mutex_;
    base::condition changed_;
    std::vector<Sent> sent_ STOCKROOM_GUARDED_BY(mutex_);
    std::function<int(std::size_t)> status_ STOCKROOM_GUARDED_BY(mutex_) = [](std::size_t) {
        return 201;
    };
    std::string items_ STOCKROOM_GUARDED_BY(mutex_) = R"([{"sku":"a"},{"sku":"b"},{"sku":"c"}])";
    int catalogue_reads_ STOCKROOM_GUARDED_BY(mutex_) = 0;

    telemetry::Metrics metrics_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        context_.get_executor()};
    http::Server server_;
    http_client::ServerUrl url_;
    std::jthread thread_;
};

class GeneratorTest : public testing::Test {
  protected:
    static Options one_by_one() {
        return {.every = milliseconds(1), .seed = 7, .in_flight_max = 1};
    }
    static std::string state_of(const Generator& generator) {
        const auto json = contract::read_json(generator.to_json()).value();
        return *json.find("state")->as<std::string>();
    }
    static std::int64_t number(const Generator& generator, std::string_view name) {
        const auto json = contract::read_json(generator.to_json()).value();
        return std::stoll(json.find(name)->as<contract::JsonValue::Number>()->text);
    }
    /// By what was sent: each answer is counted before the next order goes out.
    static std::vector<std::string> drawn(std::size_t count) {
        Draw draw(7, Placed::reserved);
        draw.set_catalogue({"a", "b", "c"});
        std::vector<std::string> bodies;
        while (bodies.size() < count)
            bodies.push_back(draw.next());
        return bodies;
    }

    telemetry::Metrics metrics_;
    FakeGateway gateway_;
};

TEST_F(GeneratorTest, MakesWhatTheSeedDrawsEachUnderAKeyOfItsOwn) {
    Generator generator(one_by_one(), metrics_);
    EXPECT_EQ(state_of(generator), "stopped");
    generator.launch(gateway_.url());
    EXPECT_TRUE(generator.start());
    EXPECT_FALSE(generator.start());
    EXPECT_EQ(state_of(generator), "running");
    ASSERT_TRUE(gateway_.wait_for_orders(20));
    EXPECT_TRUE(generator.stop());
    EXPECT_FALSE(generator.stop());
    EXPECT_EQ(state_of(generator), "stopped");

    const auto sent = gateway_.sent();
    const auto expected = drawn(sent.size());
    std::set<std::string> keys;
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(sent[i].body, expected[i]) << i;
        EXPECT_TRUE(keys.insert(sent[i].key).second) << sent[i].key;
    }
    EXPECT_GE(number(generator, "made"), 19);
    EXPECT_EQ(number(generator, "items"), 3);
    EXPECT_EQ(number(generator, "failed"), 0);
}

TEST_F(GeneratorTest, GoesOnWhenItIsStartedAgain) {
    auto options = one_by_one();
    options.started = true;
    Generator generator(options, metrics_);
    generator.launch(gateway_.url());
    ASSERT_TRUE(gateway_.wait_for_orders(3));
    generator.stop();
    const auto before = gateway_.sent().size();
    generator.start();
    ASSERT_TRUE(gateway_.wait_for_orders(before + 3));
    std::set<std::string> keys;
    for (const auto& sent : gateway_.sent())
        EXPECT_TRUE(keys.insert(sent.key).second) << sent.key;
}

TEST_F(GeneratorTest, AsksAgainUnderTheSameKeyUntilItIsAnswered) {
    gateway_.answer_orders([](std::size_t nth) { return nth <= 3 ? 503 : 201; });
    Generator generator(one_by_one(), metrics_);
    generator.launch(gateway_.url());
    generator.start();
    ASSERT_TRUE(gateway_.wait_for_orders(5));
    const auto sent = gateway_.sent();
    for (std::size_t i = 1; i < 4; ++i) {
        EXPECT_EQ(sent[i].key, sent[0].key);
        EXPECT_EQ(sent[i].body, sent[0].body);
    }
    EXPECT_NE(sent[4].key, sent[0].key);
    EXPECT_GE(number(generator, "made"), 1);
    EXPECT_EQ(number(generator, "failed"), 0);
}

TEST_F(GeneratorTest, CountsWhatIsRefusedApart) {
    gateway_.answer_orders([](std::size_t nth) { return nth % 2 == 0 ? 409 : 201; });
    Generator generator(one_by_one(), metrics_);
    generator.launch(gateway_.url());
    generator.start();
    ASSERT_TRUE(gateway_.wait_for_orders(9));
    EXPECT_GE(number(generator, "made"), 4);
    EXPECT_GE(number(generator, "refused"), 4);
    EXPECT_EQ(generator.trouble(), "");
}

TEST_F(GeneratorTest, ReadsTheCatalogueAgainWhenAnItemIsGone) {
    gateway_.answer_orders([](std::size_t) { return 422; });
    Generator generator(one_by_one(), metrics_);
    generator.launch(gateway_.url());
    generator.start();
    EXPECT_TRUE(gateway_.wait_for_catalogue_reads(2));
}

TEST_F(GeneratorTest, WaitsForACatalogueToDrawFrom) {
    (void)gateway_.set_catalogue("");
    Generator generator(one_by_one(), metrics_);
    generator.launch(gateway_.url());
    generator.start();
    ASSERT_TRUE(gateway_.wait_for_catalogue_reads(2));
    EXPECT_THAT(generator.trouble(), testing::HasSubstr("GET /v1/items: 503"));
    const int before = gateway_.set_catalogue("[]");
    // The next one is answered when the one after it is asked.
    ASSERT_TRUE(gateway_.wait_for_catalogue_reads(before + 2));
    EXPECT_EQ(generator.trouble(), "");
    EXPECT_THAT(generator.to_json(), testing::HasSubstr("there are no items to order"));
    (void)gateway_.set_catalogue(R"([{"sku":"b"}])");
    ASSERT_TRUE(gateway_.wait_for_orders(2));
    EXPECT_THAT(gateway_.sent().front().body, testing::HasSubstr(R"("sku":"b")"));
    EXPECT_EQ(number(generator, "items"), 1);
}

TEST_F(GeneratorTest, HoldsSeveralInFlight) {
    auto options = one_by_one();
    options.in_flight_max = 8;
    Generator generator(options, metrics_);
    generator.launch(gateway_.url());
    generator.start();
    ASSERT_TRUE(gateway_.wait_for_orders(500));
    generator.shut_down();
    EXPECT_GE(number(generator, "made"), 490);
    EXPECT_EQ(state_of(generator), "running");
}

}  // namespace
}  // namespace stockroom::generator
