#include "diary.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "stockroom/contract/json.hpp"

#include "testing/fake_store.hpp"

namespace stockroom::health {
namespace {

using domain::Incident;
using domain::PartChange;
using domain::PartState;
using testing::FakeStore;
using Trouble = FakeStore::Trouble;

base::Time at(int second) {
    return base::Time().plus(std::chrono::seconds(second));
}

PartChange down(const std::string& part, int second, const base::Uuid& incident = {}) {
    PartChange change;
    change.part = part;
    change.state = PartState::down;
    change.cause = "gone";
    change.at = at(second);
    change.incident = Incident{.id = incident,
                               .part = part,
                               .kind = domain::PartKind::service,
                               .state = PartState::down,
                               .cause = "gone",
                               .started_at = at(second - 2),
                               .reported_at = at(second),
                               .ended_at = std::nullopt};
    return change;
}

PartChange up(const std::string& part, int second) {
    PartChange change;
    change.part = part;
    change.state = PartState::up;
    change.at = at(second);
    return change;
}

class DiaryTest : public ::testing::Test {
  protected:
    void start(std::size_t changes_max = 1'000,
               std::function<void(const std::string&)> on_trouble = {}) {
        diary_.emplace(
            DiaryStore{.store = store_.make_store(),
                       .queries = store_.make_queries(),
                       .lead = store_.make_lead()},
            metrics_,
            Diary::Options{.changes_max = changes_max, .pause = std::chrono::milliseconds(5)});
        diary_->start({"orders", "stock"}, std::move(on_trouble));
    }

    FakeStore store_;
    telemetry::Metrics metrics_;
    std::optional<Diary> diary_;
};

TEST_F(DiaryTest, WritesEachChangeWithItsEvent) {
    start();
    diary_->put(up("stock", 1));
    diary_->put(down("orders", 5));
    diary_->put(up("orders", 9));
    const auto written = store_.wait_for(2);
    ASSERT_EQ(written.size(), 2U) << "that a part is up at the start is no news";
    EXPECT_EQ(written[0].state, PartState::down);
    EXPECT_EQ(written[1].state, PartState::up);
    EXPECT_EQ(written[1].version, 2);
    EXPECT_EQ(written[1].incident->ended_at, at(9));

    const auto events = store_.events();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].type, "health.changed");
    EXPECT_EQ(events[0].key, "health/orders");
    EXPECT_EQ(events[0].version, 1);
    EXPECT_EQ(events[0].actor, "system:health");
    EXPECT_FALSE(events[0].command);
    const auto data = contract::read_json(events[0].data);
    ASSERT_TRUE(data);
    EXPECT_EQ(*data->find("cause")->as<std::string>(), "gone");
    EXPECT_EQ(*data->find("incident")->find("started_at")->as<std::string>(), at(3).to_string());
}

TEST_F(DiaryTest, KeepsInOrderWhatHappensWhileTheStoreIsAway) {
    store_.set_trouble(Trouble::away);
    start();
    diary_->put(down("orders", 5));
    diary_->put(down("stock", 6));
    ASSERT_TRUE(store_.wait_for_failures(2));
    diary_->put(up("orders", 9));
    diary_->put(up("stock", 10));
    store_.set_trouble(Trouble::none);
    const auto written = store_.wait_for(4);
    ASSERT_EQ(written.size(), 4U);
    EXPECT_EQ(written[0].part, "orders");
    EXPECT_EQ(written[1].part, "stock");
    EXPECT_EQ(written[2].part, "orders");
    EXPECT_EQ(written[2].state, PartState::up);
    EXPECT_EQ(written[3].part, "stock");
}

TEST_F(DiaryTest, WritesOnceWhatWasCommittedThoughTheAnswerWasLost) {
    store_.set_trouble(Trouble::answer_lost);
    start();
    diary_->put(down("orders", 5));
    ASSERT_TRUE(store_.wait_for_failures(1));
    store_.set_trouble(Trouble::none);
    diary_->put(up("orders", 9));
    const auto written = store_.wait_for(2);
    ASSERT_EQ(written.size(), 2U);
    EXPECT_EQ(written[0].state, PartState::down);
    EXPECT_EQ(written[1].state, PartState::up);
}

TEST_F(DiaryTest, WhoHasNotTheLeadWritesNothingAndGoesOnFromWhatIsWritten) {
    store_.give_lead(false);
    start();
    const base::Uuid theirs = base::Uuid::make_v7(at(4));
    diary_->put(down("orders", 6, base::Uuid::make_v7(at(5))));
    auto told = down("orders", 5, theirs);
    store_.put(told);
    store_.give_lead(true);
    diary_->put(down("stock", 7));
    diary_->put(up("orders", 9));
    const auto written = store_.wait_for(2);
    ASSERT_EQ(written.size(), 2U) << "that orders is down is written already";
    EXPECT_EQ(written[0].part, "stock");
    EXPECT_EQ(written[1].part, "orders");
    EXPECT_EQ(written[1].incident->id, theirs);
    EXPECT_EQ(written[1].version, told.version + 1);
}

TEST_F(DiaryTest, WhoTakesOverEndsWhatTheOtherLeftOpen) {
    store_.give_lead(false);
    start();
    diary_->put(up("orders", 1));
    ASSERT_TRUE(store_.wait_for_lead_refused());
    const base::Uuid theirs = base::Uuid::make_v7(at(4));
    store_.put(down("orders", 5, theirs));
    ASSERT_TRUE(store_.wait_for_lead_refused()) << "before that changes were taken in";
    store_.give_lead(true);
    const auto written = store_.wait_for(1);
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(written[0].state, PartState::up);
    EXPECT_EQ(written[0].version, 2);
    EXPECT_GT(written[0].at, at(5)) << "now, not when it was seen";
    ASSERT_TRUE(written[0].incident);
    EXPECT_EQ(written[0].incident->id, theirs);
    EXPECT_TRUE(written[0].incident->ended_at);
}

TEST_F(DiaryTest, WhoTakesOverTellsOfWhatOnlyItSees) {
    store_.give_lead(false);
    start();
    const base::Uuid mine = base::Uuid::make_v7(at(6));
    diary_->put(down("orders", 8, mine));
    diary_->put(down("stock", 9));
    diary_->put(up("stock", 10));
    ASSERT_TRUE(store_.wait_for_lead_refused());
    auto told = up("orders", 20);
    told.version = 2;
    store_.put(told);
    ASSERT_TRUE(store_.wait_for_lead_refused());
    EXPECT_TRUE(metrics_.to_text().contains("\nstockroom_health_unwritten_changes 0\n"));
    store_.give_lead(true);
    diary_->put(down("stock", 30));
    const auto written = store_.wait_for(2);
    ASSERT_EQ(written.size(), 2U) << "what was is not written any more";
    for (const PartChange& change : written)
        EXPECT_EQ(change.state, PartState::down) << change.part;
    const auto& orders = written[written[0].part == "orders" ? 0 : 1];
    EXPECT_EQ(orders.version, 3);
    EXPECT_GT(orders.at, at(20));
    ASSERT_TRUE(orders.incident);
    EXPECT_NE(orders.incident->id, mine) << "which may be over by what is written";
    EXPECT_EQ(orders.incident->started_at, at(6));
    EXPECT_FALSE(orders.incident->ended_at);
}

TEST_F(DiaryTest, WhoHasLedBeforeTellsOfAnOutageThatNobodyElseWrote) {
    start();
    diary_->put(down("stock", 4));
    ASSERT_EQ(store_.wait_for(1).size(), 1U);
    store_.give_lead(false);
    ASSERT_TRUE(store_.wait_for_lead_refused());
    diary_->put(up("stock", 6));
    ASSERT_TRUE(store_.wait_for_lead_refused());
    auto told = up("stock", 6);
    told.version = 2;
    store_.put(told);
    store_.set_trouble(Trouble::away);
    ASSERT_TRUE(store_.wait_for_failures(2));
    diary_->put(down("orders", 10));
    diary_->put(up("orders", 12));
    store_.give_lead(true);
    store_.set_trouble(Trouble::none);
    const auto written = store_.wait_for(3);
    ASSERT_EQ(written.size(), 3U);
    EXPECT_EQ(written[1].part, "orders");
    EXPECT_EQ(written[1].state, PartState::down);
    EXPECT_EQ(written[2].part, "orders");
    EXPECT_EQ(written[2].state, PartState::up);
}

TEST_F(DiaryTest, AClockThatStepsBackLosesNothing) {
    start();
    diary_->put(down("orders", 500));
    diary_->put(up("orders", 9));
    diary_->put(down("orders", 12));
    const auto written = store_.wait_for(3);
    ASSERT_EQ(written.size(), 3U);
    EXPECT_EQ(written[1].state, PartState::up);
    EXPECT_GT(written[1].at, written[0].at);
    EXPECT_GT(written[2].at, written[1].at);
}

TEST_F(DiaryTest, OnlyWhatNeverCanBeWrittenIsLost) {
    store_.set_trouble(Trouble::away);
    store_.refuse("stock");
    start();
    diary_->put(down("orders", 5));
    diary_->put(down("stock", 6));
    diary_->put(up("orders", 9));
    ASSERT_TRUE(store_.wait_for_failures(1));
    store_.set_trouble(Trouble::none);
    auto written = store_.wait_for(2);
    ASSERT_EQ(written.size(), 2U);
    EXPECT_EQ(written[0].part, "orders");
    EXPECT_EQ(written[1].part, "orders");
    EXPECT_EQ(written[1].state, PartState::up);
    diary_->put(down("orders", 12));
    EXPECT_EQ(store_.wait_for(3).size(), 3U);
}

TEST_F(DiaryTest, TellsWhatWasInTroubleWhenItWasLastWritten) {
    store_.put(down("orders", 5));
    store_.put(up("stock", 6));
    std::promise<std::string> told;
    start(1'000, [&told](const std::string& part) { told.set_value(part); });
    auto part = told.get_future();
    ASSERT_EQ(part.wait_for(std::chrono::seconds(60)), std::future_status::ready);
    EXPECT_EQ(part.get(), "orders");
    diary_->stop();
}

TEST_F(DiaryTest, EndsTheIncidentsOfWhatIsNotWatchedAnyMore) {
    store_.put(down("orders-2", 5, base::Uuid::make_v7(at(3))));
    start();
    const auto written = store_.wait_for(1);
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(written[0].part, "orders-2");
    EXPECT_EQ(written[0].state, PartState::up);
    EXPECT_EQ(written[0].version, 2);
    ASSERT_TRUE(written[0].incident);
    EXPECT_TRUE(written[0].incident->ended_at);
}

TEST_F(DiaryTest, DropsTheOldestOfTooManyChanges) {
    store_.set_trouble(Trouble::away);
    start(3);
    for (int second = 10; second < 20; ++second)
        diary_->put(second % 2 == 0 ? down("orders", second) : up("orders", second));
    ASSERT_TRUE(store_.wait_for_failures(1));
    store_.set_trouble(Trouble::none);
    const auto written = store_.wait_for(2);
    ASSERT_EQ(written.size(), 2U) << "the first of the last three says that it is up, as it was";
    EXPECT_EQ(written[0].at, at(18));
    EXPECT_EQ(written[1].at, at(19));
}

TEST_F(DiaryTest, SettlesAConflictByReadingAgain) {
    start();
    diary_->put(down("stock", 4));
    ASSERT_EQ(store_.wait_for(1).size(), 1U);
    auto theirs = down("orders", 5, base::Uuid::make_v7(at(4)));
    store_.put(theirs);
    diary_->put(down("orders", 6));
    diary_->put(up("orders", 9));
    const auto written = store_.wait_for(2);
    ASSERT_EQ(written.size(), 2U);
    EXPECT_EQ(written[1].part, "orders");
    EXPECT_EQ(written[1].state, PartState::up);
    EXPECT_EQ(written[1].incident->id, theirs.incident->id);
}

}  // namespace
}  // namespace stockroom::health
