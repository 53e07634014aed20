#include "unacked.hpp"

#include <algorithm>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom::bus_amqp {

bool operator==(const Settlement& a, const Settlement& b) {
    return a.kind == b.kind && a.tag == b.tag && a.multiple == b.multiple;
}

namespace {

using testing::ElementsAre;
using Tags = std::vector<std::uint64_t>;

constexpr auto kAck = Settlement::Kind::ack;

/// As many as the broker would number 1…count.
Unacked make(std::uint64_t count) {
    Unacked unacked;
    for (std::uint64_t tag = 1; tag <= count; ++tag)
        EXPECT_EQ(unacked.add(tag), tag);
    return unacked;
}

TEST(Unacked, SettlesWhatIsContiguousFromTheLowestAtOnce) {
    auto unacked = make(5);
    EXPECT_THAT(unacked.settle(Tags{3, 1, 2, 5}, kAck),
                ElementsAre(Settlement{kAck, 3, true}, Settlement{kAck, 5, false}));
    EXPECT_THAT(unacked.settle(Tags{4}, kAck), ElementsAre(Settlement{kAck, 4, false}));
}

TEST(Unacked, NeverSettlesANeighbour) {
    auto unacked = make(4);
    EXPECT_THAT(unacked.settle(Tags{2, 3}, kAck),
                ElementsAre(Settlement{kAck, 2, false}, Settlement{kAck, 3, false}));
    EXPECT_THAT(unacked.settle(Tags{1, 4}, kAck), ElementsAre(Settlement{kAck, 4, true}))
        << "those between are settled already";
}

TEST(Unacked, KnowsItsTagsFromThoseOfALostConnection) {
    auto unacked = make(2);
    unacked.connection_lost();
    EXPECT_EQ(unacked.check(Tags{1, 2}), Unacked::Known::stale);
    const auto tag = unacked.add(1);
    EXPECT_EQ(tag, 3U);
    EXPECT_EQ(unacked.check(Tags{3}), Unacked::Known::all);
    EXPECT_EQ(unacked.check(Tags{3, 1}), Unacked::Known::stale);
    EXPECT_EQ(unacked.check(Tags{4}), Unacked::Known::never);
    EXPECT_EQ(unacked.check(Tags{0}), Unacked::Known::never);
    EXPECT_THAT(unacked.settle(Tags{3}, kAck), ElementsAre(Settlement{kAck, 1, false}));
    EXPECT_EQ(unacked.check(Tags{3}), Unacked::Known::never);
}

TEST(Unacked, CountsFromATagOn) {
    auto unacked = make(5);
    (void)unacked.settle(Tags{4}, kAck);
    EXPECT_EQ(unacked.count_from(3), 2U);
    EXPECT_EQ(unacked.count_from(unacked.next_tag()), 0U);
}

/// A broker that does what it is told, as AMQP 0-9-1 says.
void tell(std::set<std::uint64_t>& broker, const std::vector<Settlement>& settlements) {
    for (const auto& [kind, tag, multiple] : settlements) {
        ASSERT_TRUE(broker.contains(tag)) << "an unknown tag closes the channel";
        broker.erase(multiple ? broker.begin() : broker.find(tag), std::next(broker.find(tag)));
    }
}

TEST(Unacked, AgreesWithTheBrokerWhateverIsSettledInWhateverOrder) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 200; ++round) {
        auto unacked = make(30);
        std::set<std::uint64_t> broker;
        for (std::uint64_t tag = 1; tag <= 30; ++tag)
            broker.insert(tag);
        Tags left(broker.begin(), broker.end());
        while (!left.empty()) {
            if (random() % 2 == 0) std::ranges::shuffle(left, random);
            const auto count = static_cast<std::ptrdiff_t>(1 + random() % left.size());
            tell(broker, unacked.settle(Tags(left.begin(), left.begin() + count), kAck));
            left.erase(left.begin(), left.begin() + count);
            ASSERT_EQ(broker, std::set(left.begin(), left.end()));
        }
    }
}

}  // namespace
}  // namespace stockroom::bus_amqp
