#include "read_cache.hpp"

#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace stockroom::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using What = Heard::What;

const CacheKey kApple{Cached::item, "APPLE"};
const CacheKey kApplesStock{Cached::stock, "APPLE"};
const CacheKey kPear{Cached::item, "PEAR"};

Heard heartbeat(std::int64_t position) {
    return {.what = What::heartbeat, .first = position, .last = position};
}

Heard events(std::int64_t first, std::int64_t last, std::vector<CacheKey> changed = {}) {
    return {.what = What::events, .first = first, .last = last, .changed = std::move(changed)};
}

class ReadCacheTest : public testing::Test {
  protected:
    explicit ReadCacheTest(ReadCache::Options options = {})
        : cache_(std::make_shared<ReadCache>(options, metrics_)) {}

    /// Heartbeats come as soon as they are sent, or so long after.
    void hear(Heard heard, milliseconds way = {}) {
        const auto clock =
            std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch() - way);
        if (heard.what == What::heartbeat) heard.at = base::Time::from_microseconds(clock.count());
        cache_->hear({&heard, 1}, now_);
    }
    void fill(const CacheKey& key, std::string body = "{}", std::string tag = "\"1\"") {
        ReadCache::Fill(cache_, key, now_).finish(std::move(body), std::move(tag));
    }
    void forget(const CacheKey& key) { cache_->forget({&key, 1}); }
    bool knows(const CacheKey& key) { return cache_->find(key.view(), now_) != nullptr; }
    bool knows_old(const CacheKey& key) { return cache_->find_old(key.view(), now_) != nullptr; }
    bool hears() { return cache_->hears(now_); }

    telemetry::Metrics metrics_;
    ReadCache::Time now_{seconds(1'000)};
    std::shared_ptr<ReadCache> cache_;
};

TEST_F(ReadCacheTest, GivesWhatWasRead) {
    hear(heartbeat(7));
    EXPECT_FALSE(knows(kApple));
    fill(kApple, R"({"sku":"APPLE"})", "\"3\"");
    const auto* entry = cache_->find(kApple.view(), now_);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->body, R"({"sku":"APPLE"})");
    EXPECT_EQ(entry->entity_tag, "\"3\"");
    EXPECT_FALSE(entry->old_since);
    EXPECT_FALSE(knows(kApplesStock));
}

TEST_F(ReadCacheTest, GivesNothingBeforeItHears) {
    fill(kApple);
    EXPECT_FALSE(knows(kApple));
    hear(events(1, 1));
    EXPECT_FALSE(hears()) << "events may come out of a relay's backlog";
    hear(heartbeat(1));
    EXPECT_TRUE(hears());
    EXPECT_FALSE(knows(kApple)) << "it was read before";
    EXPECT_TRUE(knows_old(kApple));
}

TEST_F(ReadCacheTest, SaysThatAnAnswerIsOldAlsoWhenNobodyAskedMeanwhile) {
    hear(heartbeat(1));
    fill(kApple);
    const ReadCache::Time heard = now_;
    now_ += seconds(5);
    const auto* old = cache_->find_old(kApple.view(), now_);
    ASSERT_NE(old, nullptr);
    EXPECT_EQ(old->old_since, heard);
}

TEST_F(ReadCacheTest, ForgetsWhatHasChanged) {
    hear(heartbeat(7));
    fill(kApple);
    fill(kApplesStock);
    fill(kPear);
    hear(events(8, 8, {kApple, kApplesStock}));
    EXPECT_FALSE(knows(kApple));
    EXPECT_FALSE(knows_old(kApple)) << "known to be wrong";
    EXPECT_FALSE(knows(kApplesStock));
    EXPECT_TRUE(knows(kPear));
    forget(kPear);
    EXPECT_FALSE(knows(kPear));
    fill(kPear);
    EXPECT_TRUE(knows(kPear));
}

TEST_F(ReadCacheTest, ForgetsByRepeatsToo) {
    hear(heartbeat(7));
    fill(kApple);
    hear(events(5, 6, {kApple}));
    EXPECT_FALSE(knows(kApple));
    EXPECT_TRUE(hears());
    hear(events(7, 9));
    hear(events(10, 10));
    EXPECT_TRUE(hears());
}

TEST_F(ReadCacheTest, DropsAFillWhoseKeyHasChangedMeanwhile) {
    hear(heartbeat(7));
    {
        ReadCache::Fill by_event(cache_, kApple, now_);
        ReadCache::Fill by_outcome(cache_, kPear, now_);
        ReadCache::Fill other(cache_, kApplesStock, now_);
        ReadCache::Fill again(cache_, kApple, now_);
        hear(events(8, 8, {kApple}));
        forget(kPear);
        const ReadCache::Fill late(cache_, kApple, now_);
        by_event.finish("old", "");
        again.finish("old", "");
        by_outcome.finish("old", "");
        other.finish("right", "");
    }
    EXPECT_FALSE(knows(kApple));
    EXPECT_FALSE(knows_old(kApple));
    EXPECT_FALSE(knows(kPear));
    EXPECT_TRUE(knows(kApplesStock));
    fill(kApple);
    EXPECT_TRUE(knows(kApple)) << "what began after the change";
}

TEST_F(ReadCacheTest, DropsFillsThatBeganBeforeItHeard) {
    ReadCache::Fill fill(cache_, kApple, now_);
    hear(heartbeat(7));
    fill.finish("perhaps old", "");
    EXPECT_FALSE(knows(kApple));
}

TEST_F(ReadCacheTest, AGapMakesAllOldUntilTheNextHeartbeat) {
    const Heard gaps[] = {{.what = What::gap}, events(9, 9)};
    for (const Heard& gap : gaps) {
        hear(heartbeat(7));
        fill(kApple);
        ReadCache::Fill under_way(cache_, kPear, now_);
        EXPECT_TRUE(knows(kApple));
        hear(gap);
        EXPECT_FALSE(hears());
        EXPECT_FALSE(knows(kApple));
        EXPECT_TRUE(knows_old(kApple));
        under_way.finish("", "");
        EXPECT_FALSE(knows_old(kPear));
        hear(events(10, 12));
        EXPECT_FALSE(hears());
        hear(heartbeat(12));
        EXPECT_TRUE(hears());
        EXPECT_FALSE(knows(kApple));
        fill(kApple);
        EXPECT_TRUE(knows(kApple));
        hear({.what = What::gap});
    }
}

TEST_F(ReadCacheTest, AHeartbeatPastWhatItHeardMakesAllOld) {
    hear(heartbeat(7));
    fill(kApple);
    hear(heartbeat(8));
    EXPECT_FALSE(knows(kApple));
    EXPECT_TRUE(hears()) << "from there on it hears all again";
    hear(events(9, 9));
    EXPECT_TRUE(hears());
}

TEST_F(ReadCacheTest, SilenceMakesAllOld) {
    hear(heartbeat(7));
    fill(kApple);
    now_ += milliseconds(1'900);
    EXPECT_TRUE(knows(kApple));
    hear(heartbeat(7));
    now_ += milliseconds(1'900);
    hear(events(8, 8));
    EXPECT_TRUE(knows(kApple));
    now_ += milliseconds(200);
    EXPECT_FALSE(knows(kApple)) << "events alone are no sign of being up to date";
    const auto* old = cache_->find_old(kApple.view(), now_);
    ASSERT_NE(old, nullptr);
    EXPECT_EQ(old->old_since, now_ - milliseconds(2'100)) << "the last heartbeat";
    hear(heartbeat(8));
    EXPECT_TRUE(hears());
    EXPECT_FALSE(knows(kApple));
}

TEST_F(ReadCacheTest, SilenceIsSeenWhenItEndsBeforeAnybodyReads) {
    hear(heartbeat(7));
    fill(kApple);
    now_ += seconds(10);
    hear(heartbeat(7));
    EXPECT_TRUE(hears());
    EXPECT_FALSE(knows(kApple));
}

TEST_F(ReadCacheTest, AHeartbeatCountsFromWhenItWasSent) {
    hear(heartbeat(7));
    fill(kApple);
    now_ += milliseconds(1'900);
    hear(heartbeat(7), milliseconds(900));
    EXPECT_TRUE(knows(kApple));
    now_ += milliseconds(1'100);
    EXPECT_TRUE(knows(kApple));
    now_ += milliseconds(1);
    EXPECT_FALSE(knows(kApple)) << "two seconds after the last was sent";
    const auto* old = cache_->find_old(kApple.view(), now_);
    ASSERT_NE(old, nullptr);
    EXPECT_EQ(old->old_since, now_ - milliseconds(2'001));
    hear(heartbeat(7), milliseconds(2'001));
    EXPECT_FALSE(hears()) << "it is no news any more";
    hear(heartbeat(7));
    EXPECT_TRUE(hears());
}

TEST_F(ReadCacheTest, ALateHeartbeatTellsOfAGapToo) {
    hear(heartbeat(7));
    now_ += milliseconds(1'900);
    hear(heartbeat(7));
    now_ += milliseconds(1'900);
    hear(heartbeat(8), milliseconds(2'500));
    EXPECT_FALSE(hears());
}

TEST_F(ReadCacheTest, AHeartbeatOfAFormerRelayIsNoSign) {
    hear(heartbeat(7));
    hear(events(8, 8));
    now_ += milliseconds(1'900);
    hear(heartbeat(7));
    now_ += milliseconds(200);
    EXPECT_FALSE(hears());
    hear(heartbeat(7));
    EXPECT_TRUE(hears()) << "a log that was put back";
}

TEST_F(ReadCacheTest, KeepsWhatIsReadWhileItDoesNotHearAsOld) {
    fill(kApple);
    const auto* old = cache_->find_old(kApple.view(), now_);
    ASSERT_NE(old, nullptr);
    EXPECT_EQ(old->old_since, now_);
    hear(events(3, 3, {kApple}));
    EXPECT_FALSE(knows_old(kApple));
}

TEST_F(ReadCacheTest, TellsHowItGoes) {
    cache_->show(now_);
    EXPECT_NE(metrics_.to_text().find("stockroom_cache_heartbeat_age_seconds -1"),
              std::string::npos);
    EXPECT_FALSE(knows(kApple));
    hear(heartbeat(7));
    EXPECT_FALSE(knows(kApple));
    fill(kApple);
    EXPECT_TRUE(knows(kApple));
    now_ += seconds(1);
    cache_->show(now_);
    const std::string text = metrics_.to_text();
    for (const auto* line :
         {"stockroom_cache_reads_total{result=\"hit\"} 1\n",
          "stockroom_cache_reads_total{result=\"miss\"} 1\n",
          "stockroom_cache_reads_total{result=\"bypassed\"} 1\n", "stockroom_cache_hears 1\n",
          "stockroom_cache_entries 1\n", "stockroom_cache_heartbeat_age_seconds 1\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

class SmallCache : public ReadCacheTest {
  protected:
    SmallCache() : ReadCacheTest({.entries_max = 3, .bytes_max = 2'000}) {
        cache_->hear(std::vector{heartbeat(0)}, now_);
    }
    static CacheKey key(int number) { return {Cached::order, std::to_string(number)}; }
};

TEST_F(SmallCache, DropsWhatWasNotUsedForLongest) {
    for (const int number : {1, 2, 3})
        fill(key(number));
    EXPECT_TRUE(knows(key(1)));
    fill(key(4));
    EXPECT_TRUE(knows(key(1)));
    EXPECT_FALSE(knows(key(2)));
    EXPECT_TRUE(knows(key(3)));
    fill(key(3), "again");
    EXPECT_TRUE(knows(key(1)));
    EXPECT_TRUE(knows(key(4))) << "one in the place of itself takes no room";
}

TEST_F(SmallCache, BoundsItsBytes) {
    fill(key(1), std::string(900, 'x'));
    fill(key(2), std::string(900, 'x'));
    EXPECT_FALSE(knows(key(1)));
    EXPECT_TRUE(knows(key(2)));
    fill(key(3), std::string(2'000, 'x'));
    EXPECT_FALSE(knows(key(3))) << "never fits";
    EXPECT_TRUE(knows(key(2)));
    forget(key(2));
    cache_->show(now_);
    EXPECT_NE(metrics_.to_text().find("stockroom_cache_bytes 0\n"), std::string::npos);
}

}  // namespace
}  // namespace stockroom::gateway
