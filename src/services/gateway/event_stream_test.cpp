#include "event_stream.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "stockroom/base/mutex.hpp"

#include "empty_queries.hpp"
#include "io_fixture.hpp"

namespace stockroom::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;

/// An event log that the test writes. Thread-safe.
struct Log {
    base::mutex mutex;
    std::vector<std::string> types STOCKROOM_GUARDED_BY(mutex);
    bool is_away STOCKROOM_GUARDED_BY(mutex) = false;
    bool is_broken STOCKROOM_GUARDED_BY(mutex) = false;  // has a line that cannot be read
    int reads STOCKROOM_GUARDED_BY(mutex) = 0;
};

class LogQueries final : public ports::testing::EmptyQueries {
  public:
    explicit LogQueries(Log& log) : log_(log) {}

    Result<std::vector<ports::LoggedEvent>> events_after(std::int64_t position,
                                                         std::size_t limit) override {
        const base::lock_guard lock(log_.mutex);
        ++log_.reads;
        if (log_.is_broken) throw std::runtime_error("this line cannot be read");
        if (log_.is_away) return std::unexpected(away());
        std::vector<ports::LoggedEvent> events;
        for (auto i = static_cast<std::size_t>(position);
             i < log_.types.size() && events.size() < limit; ++i)
            events.push_back({.position = static_cast<std::int64_t>(i) + 1,
                              .event = {.type = log_.types[i],
                                        .key = "item/A",
                                        .version = 1,
                                        .command = std::nullopt,
                                        .actor = "anonymous",
                                        .at = {},
                                        .data = "{}"}});
        return events;
    }
    Result<std::int64_t> log_head() override {
        const base::lock_guard lock(log_.mutex);
        if (log_.is_away) return std::unexpected(away());
        return static_cast<std::int64_t>(log_.types.size());
    }

  private:
    static ports::Error away() { return {ports::ErrorKind::retryable, "it is away"}; }

    Log& log_;
};

/// A client that takes all at once, unless it is told not to.
class FakeStream final : public http::Stream {
  public:
    explicit FakeStream(asio::io_context& context) : timer_(context) {}

    asio::awaitable<bool> write(std::string_view bytes) override {
        text += bytes;
        while (is_slow && !is_over)
            co_await wait(base::Deadline::max());
        co_return !is_over;
    }
    asio::awaitable<bool> wait_until(base::Deadline deadline) override {
        while (!is_over && !woken_ && std::chrono::steady_clock::now() < deadline)
            co_await wait(deadline);
        woken_ = false;
        co_return !is_over;
    }
    void wake() override {
        woken_ = true;
        timer_.cancel();
    }
    void end() {
        is_over = true;
        timer_.cancel();
    }

    /// The ids of the events that were told.
    [[nodiscard]] std::vector<std::int64_t> told() const {
        std::vector<std::int64_t> ids;
        for (auto at = text.find("id: "); at != std::string::npos; at = text.find("id: ", at + 1))
            if (text.substr(text.find('\n', at) + 1).starts_with("event: "))
                ids.push_back(std::stoll(text.substr(at + 4)));
        return ids;
    }

    std::string text;
    bool is_slow = false;
    bool is_over = false;

  private:
    asio::awaitable<void> wait(base::Deadline deadline) {
        timer_.expires_at(deadline);
        boost::system::error_code ignored;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

    asio::steady_timer timer_;
    bool woken_ = false;
};

std::vector<std::int64_t> range(std::int64_t first, std::int64_t last) {
    std::vector<std::int64_t> all;
    for (auto i = first; i <= last; ++i)
        all.push_back(i);
    return all;
}

class EventStreamTest : public IoFixture {
  protected:
    /// One client under way.
    struct Listening {
        http::Response response;
        std::unique_ptr<FakeStream> stream;
        std::future<void> done;
    };

    EventStreamTest() {
        EXPECT_TRUE(pool_.start([this] { return std::make_unique<LogQueries>(log_); }));
    }
    ~EventStreamTest() override { pool_.stop(); }

    void log(int count, const std::string& type = "item.changed") {
        const base::lock_guard lock(log_.mutex);
        for (int i = 0; i < count; ++i)
            log_.types.push_back(type);
    }
    void set_away(bool away) {
        const base::lock_guard lock(log_.mutex);
        log_.is_away = away;
    }

    void set_broken(bool broken) {
        const base::lock_guard lock(log_.mutex);
        log_.is_broken = broken;
    }
    [[nodiscard]] int reads() {
        const base::lock_guard lock(log_.mutex);
        return log_.reads;
    }

    http::Response ask(std::vector<std::pair<std::string, std::string>> query = {},
                       std::vector<std::pair<std::string, std::string>> headers = {}) {
        http::Request request;
        request.query = std::move(query);
        request.headers = std::move(headers);
        return receive(spawn(events_.listen(request)));
    }
    Listening listen(std::vector<std::pair<std::string, std::string>> query = {},
                     bool is_slow = false) {
        Listening listening{.response = ask(std::move(query)),
                            .stream = std::make_unique<FakeStream>(context_),
                            .done = {}};
        EXPECT_EQ(listening.response.status, 200);
        EXPECT_TRUE(listening.response.stream);
        if (!listening.response.stream) return listening;
        listening.stream->is_slow = is_slow;
        listening.done = spawn(listening.response.stream(*listening.stream));
        return listening;
    }
    /// The client goes away, and its place is free.
    void leave(Listening& listening) {
        listening.stream->end();
        receive(std::move(listening.done));
        listening.response = {};
    }
    [[nodiscard]] bool hears(const Listening& listening, const std::vector<std::int64_t>& ids) {
        const bool heard = run_until([&] { return listening.stream->told().size() >= ids.size(); });
        EXPECT_EQ(listening.stream->told(), ids);
        return heard;
    }

    Log log_;
    QueryPool pool_{context_, 1, 100, metrics_};
    std::shared_ptr<EventTail> tail_ =
        std::make_shared<EventTail>(context_, pool_,
                                    EventTail::Options{.listeners_max = 4,
                                                       .events_max = 10,
                                                       .bytes_max = 1'000'000,
                                                       .look_every = std::chrono::milliseconds(20)},
                                    metrics_);
    EventStream events_{pool_, tail_, seconds(30)};
};

TEST_F(EventStreamTest, TellsWhatHappensFromNowOn) {
    log(3);
    Listening one = listen();
    log(2);
    EXPECT_TRUE(hears(one, range(4, 5)));
    EXPECT_TRUE(one.stream->text.starts_with(
        "retry: 1000\n\nid: 4\nevent: item.changed\ndata: {\"specversion\":\"1.0\",\"id\":\"4\""))
        << one.stream->text;
    EXPECT_TRUE(one.stream->text.ends_with("}\n\n"));
    leave(one);
}

TEST_F(EventStreamTest, GoesOnAfterAPositionHoweverFarBehind) {
    log(1'000);
    Listening first = listen({{"last_event_id", "0"}});
    Listening middle = listen({{"last_event_id", "700"}});
    Listening last = listen({{"last_event_id", "1000"}});
    log(1);
    EXPECT_TRUE(hears(first, range(1, 1'001)));
    EXPECT_TRUE(hears(middle, range(701, 1'001)));
    EXPECT_TRUE(hears(last, range(1'001, 1'001)));
    for (Listening* listening : {&first, &middle, &last})
        leave(*listening);
}

TEST_F(EventStreamTest, ASlowOneCatchesUpAndNobodyWaitsForIt) {
    Listening slow = listen({}, true);
    Listening quick = listen();
    log(500);
    EXPECT_TRUE(hears(quick, range(1, 500)));
    EXPECT_TRUE(slow.stream->told().empty());
    slow.stream->is_slow = false;
    slow.stream->wake();
    EXPECT_TRUE(hears(slow, range(1, 500)));
    leave(slow);
    leave(quick);
}

TEST_F(EventStreamTest, TellsOnlyTheTypesThatAreWanted) {
    log(300, "order.reserved");
    log(1);
    Listening early = listen({{"types", "item.*"}, {"last_event_id", "0"}});
    Listening late = listen({{"types", "item.changed"}});
    EXPECT_TRUE(hears(early, {301}));
    log(5, "order.reserved");
    log(1);
    EXPECT_TRUE(hears(early, {301, 307}));
    EXPECT_TRUE(hears(late, {307}));
    leave(early);
    leave(late);
}

TEST_F(EventStreamTest, GoesOnWhenTheStoreIsBack) {
    Listening one = listen();
    log(1);
    EXPECT_TRUE(hears(one, {1}));
    set_away(true);
    const int before = reads();
    log(2);
    EXPECT_TRUE(run_until([&] { return reads() > before; }));
    EXPECT_EQ(ask().status, 503);
    set_away(false);
    EXPECT_TRUE(hears(one, range(1, 3)));
    leave(one);
}

TEST_F(EventStreamTest, GoesOnWhenALineCanBeReadAgain) {
    Listening one = listen();
    log(1);
    EXPECT_TRUE(hears(one, {1}));
    set_broken(true);
    const int before = reads();
    log(2);
    EXPECT_TRUE(run_until([&] { return reads() > before; }));
    set_broken(false);
    EXPECT_TRUE(hears(one, range(1, 3)));
    leave(one);
}

TEST_F(EventStreamTest, StartsAgainAfterAllHadLeft) {
    for (int round = 0; round < 3; ++round) {
        log(20);
        Listening one = listen();
        const std::int64_t next = 21 * round + 21;
        log(1);
        EXPECT_TRUE(hears(one, {next}));
        leave(one);
    }
}

TEST_F(EventStreamTest, HasABoundOnListeners) {
    std::vector<Listening> all;
    for (int i = 0; i < 4; ++i)
        all.push_back(listen());
    const http::Response refused = ask();
    EXPECT_EQ(refused.status, 503);
    EXPECT_NE(header_of(refused, "Retry-After"), "");
    leave(all.back());
    all.pop_back();
    all.push_back(listen());
    for (Listening& listening : all)
        leave(listening);
}

TEST_F(EventStreamTest, RefusesWhatIsNoPosition) {
    log(3);
    for (const auto* wrong : {"", "x", "-1", "+1", " 1", "1 ", "1.0", "9223372036854775808", "4"}) {
        const http::Response by_query = ask({{"last_event_id", wrong}});
        EXPECT_EQ(by_query.status, 400) << wrong;
        EXPECT_NE(by_query.body.find(R"("field":"last_event_id")"), std::string::npos) << wrong;
        const http::Response by_header = ask({{"last_event_id", "1"}}, {{"last-event-id", wrong}});
        EXPECT_EQ(by_header.status, 400) << wrong;
        EXPECT_NE(by_header.body.find(R"("field":"Last-Event-ID")"), std::string::npos) << wrong;
    }
    EXPECT_EQ(ask({{"last_event_id", "3"}}).status, 200);
    EXPECT_EQ(ask({{"last_event_id", "9"}}, {{"last-event-id", "1"}}).status, 200);
    EXPECT_EQ(ask({{"since", "3"}}).status, 422);
    EXPECT_EQ(ask({{"types", "orders.*"}}).status, 422);
}

}  // namespace
}  // namespace stockroom::gateway
