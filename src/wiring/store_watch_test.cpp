#include "store_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/telemetry/log.hpp"

namespace stockroom::wiring {
namespace {

using namespace std::chrono_literals;

/// A store that answers as it is told, and can be waited for to be asked so often more.
class AskedStore {
  public:
    StoreWatch::Ask ask() {
        return [this]() -> std::expected<void, ports::Error> {
            const base::lock_guard lock(mutex_);
            ++asked_;
            changed_.notify_all();
            if (trouble_.empty()) return {};
            return std::unexpected(ports::Error{ports::ErrorKind::retryable, trouble_});
        };
    }
    void set_trouble(std::string trouble) {
        const base::lock_guard lock(mutex_);
        trouble_ = std::move(trouble);
    }
    /// Whether it is asked so often more: what was asked before has been dealt with then.
    bool is_asked_again(int times) {
        const base::lock_guard lock(mutex_);
        const int wanted = asked_ + times;
        const base::Deadline deadline = base::in(60s);
        while (asked_ < wanted)
            if (!changed_.wait_until(mutex_, deadline)) return false;
        return true;
    }

  private:
    base::mutex mutex_;
    base::condition changed_;
    std::string trouble_ STOCKROOM_GUARDED_BY(mutex_);
    int asked_ STOCKROOM_GUARDED_BY(mutex_) = 0;
};

int count(const std::string& text, std::string_view part) {
    int found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

TEST(StoreWatch, KnowsNothingBeforeItHasAsked) {
    AskedStore store;
    const StoreWatch watch(store.ask(), 1ms);
    EXPECT_NE(watch.trouble(), "");
}

TEST(StoreWatch, LogsEachChangeOnce) {
    AskedStore store;
    testing::internal::CaptureStderr();
    telemetry::start_log("test", telemetry::LogLevel::info);
    {
        StoreWatch watch(store.ask(), 1ms);
        watch.start();
        ASSERT_TRUE(store.is_asked_again(3));
        EXPECT_EQ(watch.trouble(), "");
        store.set_trouble("store refused");
        ASSERT_TRUE(store.is_asked_again(5));
        EXPECT_EQ(watch.trouble(), "store refused");
        store.set_trouble("");
        ASSERT_TRUE(store.is_asked_again(5));
        EXPECT_EQ(watch.trouble(), "");
    }
    telemetry::flush_log();
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(count(log, "store refused"), 1) << log;
    EXPECT_EQ(count(log, "the store is back"), 1) << log;
}

TEST(StoreWatch, DoesNotTellOfASingleBadLook) {
    int asked = 0;
    AskedStore store;
    const auto answer = store.ask();
    testing::internal::CaptureStderr();
    telemetry::start_log("test", telemetry::LogLevel::info);
    {
        StoreWatch watch(
            [&]() -> std::expected<void, ports::Error> {
                if (++asked == 2)
                    return std::unexpected(ports::Error{ports::ErrorKind::retryable, "hiccup"});
                return answer();
            },
            1ms);
        watch.start();
        ASSERT_TRUE(store.is_asked_again(5));
    }
    telemetry::flush_log();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(StoreWatch, AnExceptionOutOfTheStoreIsTrouble) {
    AskedStore store;
    const auto answer = store.ask();
    StoreWatch watch(
        [&]() -> std::expected<void, ports::Error> {
            (void)answer();
            throw std::runtime_error("no memory");
        },
        1ms);
    watch.start();
    ASSERT_TRUE(store.is_asked_again(3));
    EXPECT_EQ(watch.trouble(), "no memory");
}

}  // namespace
}  // namespace stockroom::wiring
