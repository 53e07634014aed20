#include "client.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/base/mutex.hpp"
#include "stockroom/http/server.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::chrono::seconds kPatience{60};

/// Answers whatever comes with what it was told, in that order; its last answer it gives for ever.
class ScriptedServer {
  public:
    explicit ScriptedServer(std::deque<http::Response> script) : script_(std::move(script)) {
        http::Router router;
        const auto handler = [this](http::Request request) { return answer(std::move(request)); };
        for (const std::string_view path :
             {"/v1/orders", "/v1/items", "/v1/commands/{id}", "/base/v1/orders"}) {
            router.add("GET", path, handler);
            router.add("POST", path, handler);
        }
        server_.emplace(context_, std::move(router), http::Limits{}, metrics_);
        const auto address = server_->start({.host = "127.0.0.1", .port = 0});
        EXPECT_TRUE(address.has_value());
        url_ = "http://" + address->to_string();
        thread_ = std::jthread([this] { context_.run(); });
    }
    ~ScriptedServer() {
        context_.stop();  // and thread_, destroyed first, joins
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] Client client(const std::string& base_path = "",
                                std::chrono::milliseconds patience = kPatience) const {
        return {http_client::ServerUrl::parse(url_ + base_path).value(), patience};
    }
    /// What was asked, as "POST /v1/orders key": once it has been answered.
    [[nodiscard]] std::vector<std::string> asked() const {
        const base::lock_guard lock(mutex_);
        return asked_;
    }

  private:
    boost::asio::awaitable<http::Response> answer(http::Request request) {
        std::string line = request.method + " " + request.path;
        for (const auto& [name, value] : request.query)
            line.append(" ").append(name).append("=").append(value);
        if (const auto key = request.header("idempotency-key")) line.append(" ").append(*key);
        if (!request.body.empty()) line.append(" ").append(request.body);
        note(std::move(line));
        http::Response response = script_.front();
        if (script_.size() > 1) script_.pop_front();
        co_return response;
    }

    void note(std::string line) {
        const base::lock_guard lock(mutex_);
        asked_.push_back(std::move(line));
    }

    std::deque<http::Response> script_;
    mutable base::mutex mutex_;
    std::vector<std::string> asked_ STOCKROOM_GUARDED_BY(mutex_);
    telemetry::Metrics metrics_;
    boost::asio::io_context context_{1};
    std::optional<http::Server> server_;
    std::string url_;
    std::jthread thread_;
};

http::Response response(int status, std::string body) {
    return {.status = status, .body = std::move(body)};
}

TEST(Client, SendsAWriteAgainUnderItsKeyUntilItIsAnswered) {
    const ScriptedServer server({response(503, R"({"type":"/problems/no_room"})"),
                                 response(429, R"({"type":"/problems/too_many"})"),
                                 response(202, R"({"id":"c1","state":"pending"})"),
                                 response(200, R"({"id":"c1","state":"pending"})"),
                                 response(200, R"({"id":"c1","state":"done"})"),
                                 response(201, R"({"id":"c1"})")});
    Client client = server.client();
    const auto answer = client.post("/v1/orders", "{}", "k1");
    ASSERT_TRUE(answer.has_value()) << answer.error();
    EXPECT_EQ(answer->status, 201);
    EXPECT_THAT(server.asked(), ElementsAre("POST /v1/orders k1 {}", "POST /v1/orders k1 {}",
                                            "POST /v1/orders k1 {}", "GET /v1/commands/c1",
                                            "GET /v1/commands/c1", "POST /v1/orders k1 {}"));
}

TEST(Client, TakesARefusalAsTheAnswer) {
    const ScriptedServer server(
        {response(409, R"({"type":"/problems/rejected","detail":"Too little.","field":"lines"})"),
         response(500, "no JSON")});
    Client client = server.client("/base/");
    auto answer = client.post("/v1/orders", "{}", "k1");
    ASSERT_TRUE(answer.has_value()) << answer.error();
    EXPECT_FALSE(answer->is_done());
    EXPECT_EQ(answer->problem(), "rejected");
    EXPECT_EQ(answer->explain(), "409 rejected (lines): Too little.");
    answer = client.post("/v1/orders", "{}", "k2");
    ASSERT_TRUE(answer.has_value()) << answer.error();
    EXPECT_EQ(answer->explain(), "500");
    EXPECT_THAT(server.asked(),
                ElementsAre("POST /base/v1/orders k1 {}", "POST /base/v1/orders k2 {}"));
}

TEST(Client, FollowsPagesToTheLast) {
    const ScriptedServer server({response(200, R"({"items":[{"n":1},{"n":2}],"next":"a b"})"),
                                 response(200, R"({"items":[]})")});
    Client client = server.client();
    std::vector<std::int64_t> seen;
    const auto done = client.each_row(
        "/v1/items", "items", [&seen](const contract::JsonValue& row) -> Client::Result<void> {
            seen.push_back(integer_member(row, "n").value_or(-1));
            return {};
        });
    ASSERT_TRUE(done.has_value()) << done.error();
    EXPECT_THAT(seen, ElementsAre(1, 2));
    EXPECT_THAT(server.asked(),
                ElementsAre("GET /v1/items limit=500", "GET /v1/items limit=500 cursor=a b"));
}

TEST(Client, RefusesAPageThatIsNone) {
    const ScriptedServer server({response(200, R"({"items":{}})")});
    Client client = server.client();
    const auto done =
        client.each_row("/v1/items", "items",
                        [](const contract::JsonValue&) -> Client::Result<void> { return {}; });
    ASSERT_FALSE(done.has_value());
    EXPECT_THAT(done.error(), HasSubstr("/v1/items"));
}

TEST(Client, DoesNotWaitForAServerThatWasNeverThere) {
    std::string url;
    {
        // Bound once, so free now.
        boost::asio::io_context context;
        const boost::asio::ip::tcp::acceptor acceptor(
            context, {boost::asio::ip::make_address("127.0.0.1"), 0});
        url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    }
    Client client(http_client::ServerUrl::parse(url).value(), std::chrono::hours(1));
    const auto answer = client.get("/v1/items");
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error(),
              "cannot reach " + url + ": Connection refused. Is `stockroom serve` running?");
}

TEST(Client, GivesUpWhenPatienceEnds) {
    const ScriptedServer server(
        {response(503, R"({"type":"/problems/no_room","detail":"Full."})")});
    Client client = server.client("", std::chrono::seconds(2));
    const auto answer = client.post("/v1/orders", "{}", "k1");
    ASSERT_TRUE(answer.has_value()) << answer.error();
    EXPECT_EQ(answer->explain(), "503 no_room: Full.");
}

}  // namespace
}  // namespace stockroom
