#include "diary.hpp"

#include <chrono>
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
    void start(std::size_t changes_max = 1'000) {
        diary_.emplace(
            DiaryStore{.store = store_.make_store(),
                       .queries = store_.make_queries(),
                       .lead = store_.make_lead()},
            metrics_,
            Diary::Options{.changes_max = changes_max, .pause = std::chrono::milliseconds(5)});
        diary_->start({"orders", "stock"});
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
    EXPECT_EQ(written[1].state, PartState::up);
    EXPECT_EQ(written[1].incident->id, theirs.incident->id);
}

}  // namespace
}  // namespace stockroom::health
