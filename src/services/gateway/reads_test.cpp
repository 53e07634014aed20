#include "reads.hpp"

#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "stockroom/base/mutex.hpp"
#include "stockroom/contract/json.hpp"

#include "empty_queries.hpp"
#include "io_fixture.hpp"

namespace stockroom::gateway {
namespace {

using std::chrono::seconds;
using What = Heard::What;

const base::Uuid kId = *base::Uuid::parse("01938a1e-4c00-7000-8000-000000000001");

domain::ItemView item_of(const domain::Sku& sku, domain::Version version) {
    return domain::ItemView{.item = {.sku = sku,
                                     .name = {},
                                     .label = {},
                                     .price = {},
                                     .reorder_point = 0,
                                     .retired = false,
                                     .version = version,
                                     .created_at = {},
                                     .updated_at = {}}};
}

/// A store of one item, whose version the test sets. Thread-safe.
struct Shelf {
    base::mutex mutex;
    base::condition changed;
    domain::Version version STOCKROOM_GUARDED_BY(mutex) = 1;  // 0: there is no item
    int reads STOCKROOM_GUARDED_BY(mutex) = 0;
    bool is_away STOCKROOM_GUARDED_BY(mutex) = false;
    bool is_paused STOCKROOM_GUARDED_BY(mutex) = false;
    std::string outcome STOCKROOM_GUARDED_BY(mutex);
};

class ShelfQueries final : public ports::testing::EmptyQueries {
  public:
    explicit ShelfQueries(Shelf& shelf) : shelf_(shelf) {}

    Result<std::optional<domain::ItemView>> item(const domain::Sku& sku) override {
        const auto version = read();
        if (!version) return std::unexpected(version.error());
        if (*version == 0) return std::nullopt;
        return item_of(sku, *version);
    }
    Result<std::optional<ports::ItemStock>> stock(const domain::Sku& sku) override {
        const auto view = item(sku);
        if (!view) return std::unexpected(view.error());
        if (!*view) return std::nullopt;
        return ports::ItemStock{.item = **view, .levels = {}, .holds = {}};
    }
    Result<std::optional<domain::OrderView>> order(const base::Uuid& id) override {
        const auto version = read();
        if (!version) return std::unexpected(version.error());
        domain::OrderView view;
        view.order.id = id;
        view.order.version = *version;
        return view;
    }
    Result<std::optional<ports::StoredOutcome>> outcome(const base::Uuid& id) override {
        const base::lock_guard lock(shelf_.mutex);
        ports::StoredOutcome stored;
        stored.command = id;
        stored.bytes = shelf_.outcome;
        return stored;
    }
    ports::PageResult<domain::Location> locations(const ports::PageRequest&) override {
        if (const auto version = read(); !version) return std::unexpected(version.error());
        return {};
    }

  private:
    /// The version is read before the pause, so that the answer is from before it.
    Result<domain::Version> read() {
        const base::lock_guard lock(shelf_.mutex);
        ++shelf_.reads;
        const auto version = shelf_.version;
        shelf_.changed.notify_all();
        while (shelf_.is_paused)
            shelf_.changed.wait(shelf_.mutex);
        if (shelf_.is_away)
            return std::unexpected(ports::Error{ports::ErrorKind::retryable, "it is away"});
        return version;
    }

    Shelf& shelf_;
};

class ReadsTest : public IoFixture {
  protected:
    explicit ReadsTest(seconds read_time = seconds(30))
        : cache_(std::make_shared<ReadCache>(ReadCache::Options{.silence_max = seconds(3'600)},
                                             metrics_)),
          reads_(pool_, read_time, cache_) {
        EXPECT_TRUE(pool_.start([this] { return std::make_unique<ShelfQueries>(shelf_); }));
    }
    ~ReadsTest() override {
        set_paused(false);
        pool_.stop();
    }

    static http::Request request(std::string name, std::string value) {
        http::Request request;
        request.path_parameters.emplace(std::move(name), std::move(value));
        return request;
    }
    http::Response get_item() { return receive(spawn(reads_.get_item(request("sku", "A")))); }
    http::Response get_stock() { return receive(spawn(reads_.get_stock(request("sku", "A")))); }
    http::Response get_order() {
        return receive(spawn(reads_.get_order(request("id", kId.to_string()))));
    }

    void hear(const Heard& heard) { cache_->hear({&heard, 1}, std::chrono::steady_clock::now()); }
    void hear_heartbeat() { hear({.what = What::heartbeat, .first = 1, .last = 1}); }
    void set_version(domain::Version version) {
        const base::lock_guard lock(shelf_.mutex);
        shelf_.version = version;
    }
    void set_away(bool away) {
        const base::lock_guard lock(shelf_.mutex);
        shelf_.is_away = away;
    }
    void set_paused(bool paused) {
        const base::lock_guard lock(shelf_.mutex);
        shelf_.is_paused = paused;
        shelf_.changed.notify_all();
    }
    int reads() {
        const base::lock_guard lock(shelf_.mutex);
        return shelf_.reads;
    }
    [[nodiscard]] bool wait_for_reads(int count) {
        const base::lock_guard lock(shelf_.mutex);
        while (shelf_.reads < count)
            if (!shelf_.changed.wait_until(shelf_.mutex, base::in(seconds(30)))) return false;
        return true;
    }

    Shelf shelf_;
    QueryPool pool_{context_, 1, 10, metrics_};
    std::shared_ptr<ReadCache> cache_;
    Reads reads_;
};

class ImpatientReads : public ReadsTest {
  protected:
    ImpatientReads() : ReadsTest(seconds(1)) {}
};

TEST_F(ReadsTest, AsksTheStoreOnceForWhatDoesNotChange) {
    hear_heartbeat();
    for (int i = 0; i < 3; ++i) {
        const http::Response item = get_item();
        EXPECT_EQ(item.status, 200);
        EXPECT_EQ(header_of(item, "ETag"), "\"1\"");
        EXPECT_EQ(header_of(item, "Warning"), "");
        EXPECT_NE(item.body.find(R"("sku":"A")"), std::string::npos);
        EXPECT_EQ(header_of(get_order(), "ETag"), "\"1\"");
        EXPECT_EQ(header_of(get_stock(), "ETag"), "");
    }
    EXPECT_EQ(reads(), 3);
}

TEST_F(ReadsTest, AsksTheStoreEachTimeWhileItDoesNotHear) {
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(get_item().status, 200);
    EXPECT_EQ(reads(), 3);
}

TEST_F(ReadsTest, AnswersWithTheNewStateAfterAnEvent) {
    hear_heartbeat();
    EXPECT_EQ(header_of(get_item(), "ETag"), "\"1\"");
    set_version(2);
    EXPECT_EQ(header_of(get_item(), "ETag"), "\"1\"") << "until it hears of it";
    hear({.what = What::events, .first = 2, .last = 2, .changed = {{Cached::item, "A"}}});
    EXPECT_EQ(header_of(get_item(), "ETag"), "\"2\"");
}

TEST_F(ReadsTest, DoesNotKeepWhatChangedWhileItWasRead) {
    hear_heartbeat();
    set_paused(true);
    auto reading = spawn(reads_.get_item(request("sku", "A")));
    ASSERT_TRUE(wait_for_reads(1));
    set_version(2);
    hear({.what = What::events, .first = 2, .last = 2, .changed = {{Cached::item, "A"}}});
    set_paused(false);
    EXPECT_EQ(header_of(receive(std::move(reading)), "ETag"), "\"1\"");
    EXPECT_EQ(header_of(get_item(), "ETag"), "\"2\"");
}

TEST_F(ReadsTest, WhoeverIsToldThatACommandIsDoneReadsWhatItDid) {
    hear_heartbeat();
    EXPECT_EQ(header_of(get_item(), "ETag"), "\"1\"");
    set_version(2);
    {
        domain::Outcome outcome;
        outcome.code = domain::ChangeItemOutcome::changed;
        outcome.result = item_of(*domain::Sku::parse("A"), 2);
        const base::lock_guard lock(shelf_.mutex);
        shelf_.outcome = contract::encode_outcome(kId, domain::CommandKind::change_item, outcome);
    }
    const auto command = receive(spawn(reads_.get_command(request("id", kId.to_string()), false)));
    EXPECT_NE(command.body.find(R"("state":"done")"), std::string::npos) << command.body;
    EXPECT_EQ(header_of(get_item(), "ETag"), "\"2\"");
}

TEST_F(ReadsTest, SaysThatAnAnswerIsOldWhenTheStoreIsAway) {
    hear_heartbeat();
    const std::string body = get_item().body;
    set_away(true);
    EXPECT_EQ(header_of(get_item(), "Warning"), "") << "it still hears of every change";
    hear({.what = What::gap});
    const http::Response old = get_item();
    EXPECT_EQ(old.status, 200);
    EXPECT_EQ(old.body, body);
    EXPECT_EQ(header_of(old, "Warning"), R"(110 - "Response is Stale")");
    EXPECT_GE(std::stoi(header_of(old, "Age")), 1);
    EXPECT_EQ(header_of(old, "ETag"), "\"1\"");
    set_away(false);
    const http::Response right = get_item();
    EXPECT_EQ(header_of(right, "Warning"), "");
    EXPECT_EQ(header_of(right, "Age"), "");
}

TEST_F(ReadsTest, WaitsNotLongForAPausedStoreWhenThereIsAnOldAnswer) {
    EXPECT_EQ(get_item().status, 200);
    set_paused(true);
    EXPECT_EQ(header_of(get_item(), "Warning"), R"(110 - "Response is Stale")");
}

TEST_F(ReadsTest, Says503WhenTheStoreIsAwayAndNothingIsKnown) {
    set_away(true);
    for (const http::Response& response : {get_item(), get_stock(), get_order()}) {
        EXPECT_EQ(response.status, 503);
        EXPECT_NE(header_of(response, "Retry-After"), "");
    }
}

TEST_F(ImpatientReads, Says503WhenTheStoreDoesNotAnswer) {
    set_paused(true);
    const http::Response response = get_item();
    EXPECT_EQ(response.status, 503);
    EXPECT_NE(response.body.find("/problems/unavailable"), std::string::npos) << response.body;
    EXPECT_NE(header_of(response, "Retry-After"), "");
    const http::Response ready = receive(spawn(reads_.check_store()));
    EXPECT_EQ(ready.status, 503);
    EXPECT_NE(ready.body.find("store"), std::string::npos) << ready.body;
}

TEST_F(ReadsTest, GivesNoOldAnswerOfWhatIsGone) {
    EXPECT_EQ(get_item().status, 200);
    set_version(0);
    EXPECT_EQ(get_item().status, 404);
    set_away(true);
    EXPECT_EQ(get_item().status, 503);
}

TEST_F(ReadsTest, SaysWhetherTheStoreAnswers) {
    EXPECT_EQ(receive(spawn(reads_.check_store())).status, 200);
    set_away(true);
    EXPECT_EQ(receive(spawn(reads_.check_store())).status, 503);
}

}  // namespace
}  // namespace stockroom::gateway
