#include "turns.hpp"

#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace stockroom::store_sqlite {

namespace {

base::Deadline soon() {
    return base::in(std::chrono::seconds(60));
}
base::Deadline passed() {
    return base::in(std::chrono::milliseconds(-1));
}

}  // namespace

TEST(Turns, BeginsAtOnceWhenNobodyHasTheTurn) {
    Turns turns;
    EXPECT_TRUE(turns.begin(passed()));
    turns.end();
    EXPECT_TRUE(turns.begin(passed()));
    turns.end();
}

TEST(Turns, GivesUpAtTheDeadlineAndThenIsNotWaitingAnyMore) {
    Turns turns;
    ASSERT_TRUE(turns.begin(soon()));
    EXPECT_FALSE(turns.begin(passed()));
    EXPECT_FALSE(turns.begin(base::in(std::chrono::milliseconds(5))));
    turns.end();
    EXPECT_TRUE(turns.begin(passed()));
    turns.end();
}

TEST(Turns, OneHasTheTurnAtATime) {
    constexpr int kThreads = 8;
    constexpr int kRounds = 500;
    Turns turns;
    int count = 0;  // guarded by the turn
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < kThreads; ++i)
            threads.emplace_back([&turns, &count] {
                for (int round = 0; round < kRounds; ++round) {
                    while (!turns.begin(base::in(std::chrono::microseconds(200)))) {
                    }
                    ++count;
                    turns.end();
                }
            });
    }
    EXPECT_EQ(count, kThreads * kRounds);
}

TEST(Turns, WhoWaitsComesBeforeWhoAsksAgain) {
    Turns turns;
    ASSERT_TRUE(turns.begin(soon()));
    std::vector<int> order;  // guarded by the turn
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&turns, &order, i] {
            ASSERT_TRUE(turns.begin(soon()));
            order.push_back(i);
            turns.end();
        });
        while (turns.waiting() != static_cast<std::size_t>(i) + 1)
            std::this_thread::yield();
    }
    turns.end();
    ASSERT_TRUE(turns.begin(soon()));
    order.push_back(3);
    turns.end();
    threads.clear();
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
}

}  // namespace stockroom::store_sqlite
