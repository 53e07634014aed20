#include "bus_suite.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>

#include "box.hpp"

namespace stockroom::conformance {
namespace {

using namespace std::chrono_literals;
using ports::Published;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

/// Of an array of numbers, or the one number that is no array.
std::vector<std::string> elements_of(std::string_view json) {
    std::vector<std::string> elements(1);
    for (const char c : json) {
        if (c == ',') elements.emplace_back();
        if (c >= '0' && c <= '9') elements.back() += c;
    }
    return elements;
}

/// A publisher that remembers what it was told, also what it is told when it is gone.
class TestPublisher {
  public:
    explicit TestPublisher(ports::Bus& bus)
        : publisher_(bus.make_publisher([replies = replies_](std::vector<std::string> batch) {
              for (const auto& reply : batch)
                  for (auto& outcome : elements_of(reply))
                      replies->put(std::move(outcome));
          })) {}

    void publish(std::string_view queue, std::string bytes) {
        publisher_->publish(queue, base::Uuid::make_v7(base::Time::now()), std::move(bytes), true,
                            [published = published_](Published what) { published->put(what); });
    }
    void publish_many(std::string_view queue, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            publish(queue, std::to_string(i));
    }

    Box<Published>& published() { return *published_; }
    /// One outcome each: a bus may put several into one array.
    Box<std::string>& replies() { return *replies_; }

  private:
    std::shared_ptr<Box<Published>> published_ = std::make_shared<Box<Published>>();
    std::shared_ptr<Box<std::string>> replies_ = std::make_shared<Box<std::string>>();
    std::unique_ptr<ports::Publisher> publisher_;
};

/// Takes until so many have come, in as many batches as the bus makes of them.
std::vector<ports::Delivery> take(ports::Consumer& consumer, std::size_t count) {
    std::vector<ports::Delivery> all;
    while (all.size() < count) {
        auto taken = consumer.take(count - all.size(), patience());
        if (!taken || taken->empty()) {
            ADD_FAILURE() << "took " << all.size() << " of " << count << ": "
                          << (taken ? "nothing came" : taken.error().detail);
            break;
        }
        std::ranges::move(*taken, std::back_inserter(all));
    }
    return all;
}

std::vector<std::uint64_t> tags_of(const std::vector<ports::Delivery>& deliveries) {
    std::vector<std::uint64_t> tags;
    for (const auto& delivery : deliveries)
        tags.push_back(delivery.tag);
    return tags;
}

std::vector<std::string> bytes_of(const std::vector<ports::Delivery>& deliveries) {
    std::vector<std::string> bytes;
    for (const auto& delivery : deliveries)
        bytes.push_back(delivery.bytes);
    return bytes;
}

void expect_nothing_left(ports::Consumer& consumer) {
    const auto taken = consumer.take(1, base::in(20ms));
    ASSERT_TRUE(taken.has_value()) << taken.error().detail;
    EXPECT_THAT(bytes_of(*taken), IsEmpty());
}

TEST_P(BusConformance, DeliversWhatWasPublished) {
    TestPublisher publisher(fixture_->bus());
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    publisher.publish(fixture_->queue(), R"({"kind":"place_order"})");

    const auto taken = take(*consumer, 1);
    ASSERT_THAT(taken, SizeIs(1));
    EXPECT_EQ(taken[0].bytes, R"({"kind":"place_order"})");
    EXPECT_EQ(taken[0].earlier_deliveries, 0U);
    EXPECT_FALSE(taken[0].reply_to.empty());
    ASSERT_TRUE(consumer->ack(tags_of(taken)).has_value());
    EXPECT_THAT(publisher.published().wait_for(1), ElementsAre(Published::durable));
    expect_nothing_left(*consumer);
}

TEST_P(BusConformance, DeliversWhatWasPublishedBeforeAnybodyListened) {
    TestPublisher publisher(fixture_->bus());
    publisher.publish(fixture_->queue(), "early");
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    EXPECT_THAT(bytes_of(take(*consumer, 1)), ElementsAre("early"));
}

TEST_P(BusConformance, KeepsQueuesApart) {
    TestPublisher publisher(fixture_->bus());
    const auto here = fixture_->bus().make_consumer(fixture_->queue());
    const auto there = fixture_->bus().make_consumer(fixture_->other_queue());
    publisher.publish(fixture_->queue(), "here");
    publisher.publish(fixture_->other_queue(), "there");
    EXPECT_THAT(bytes_of(take(*there, 1)), ElementsAre("there"));
    EXPECT_THAT(bytes_of(take(*here, 1)), ElementsAre("here"));
    expect_nothing_left(*here);
}

TEST_P(BusConformance, DeliversAThousandInOrderToOneConsumer) {
    TestPublisher publisher(fixture_->bus());
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    publisher.publish_many(fixture_->queue(), 1'000);

    const auto taken = take(*consumer, 1'000);
    std::vector<std::string> expected;
    for (int i = 0; i < 1'000; ++i)
        expected.push_back(std::to_string(i));
    EXPECT_EQ(bytes_of(taken), expected);
    ASSERT_TRUE(consumer->ack(tags_of(taken)).has_value());
    EXPECT_THAT(publisher.published().wait_for(1'000), testing::Each(Published::durable));
}

TEST_P(BusConformance, TakesNoMoreThanAskedFor) {
    TestPublisher publisher(fixture_->bus());
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    publisher.publish_many(fixture_->queue(), 3);
    const auto first = consumer->take(1, patience());
    ASSERT_TRUE(first.has_value());
    EXPECT_THAT(bytes_of(*first), ElementsAre("0"));
    EXPECT_THAT(bytes_of(take(*consumer, 2)), ElementsAre("1", "2"));
}

TEST_P(BusConformance, DeliversALargeMessageWhole) {
    std::string large(4U << 20U, 'x');
    for (std::size_t i = 0; i < large.size(); i += 4096)
        large[i] = static_cast<char>('a' + (i / 4096) % 26);
    TestPublisher publisher(fixture_->bus());
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    publisher.publish(fixture_->queue(), large);
    const auto taken = take(*consumer, 1);
    ASSERT_THAT(taken, SizeIs(1));
    EXPECT_TRUE(taken[0].bytes == large);
}

TEST_P(BusConformance, RedeliversWhatWasNotAckedWhenTheConsumerGoesAway) {
    TestPublisher publisher(fixture_->bus());
    publisher.publish_many(fixture_->queue(), 4);
    {
        const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
        const auto taken = take(*consumer, 3);
        ASSERT_THAT(taken, SizeIs(3));
        const auto second = taken[1].tag;
        ASSERT_TRUE(consumer->ack(std::span(&second, 1)).has_value());
    }
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    auto taken = take(*consumer, 3);
    std::ranges::sort(taken, {}, &ports::Delivery::bytes);
    EXPECT_THAT(bytes_of(taken), ElementsAre("0", "2", "3"));
    EXPECT_EQ(taken[0].earlier_deliveries, 1U);
    EXPECT_EQ(taken[1].earlier_deliveries, 1U);
    ASSERT_TRUE(consumer->ack(tags_of(taken)).has_value());
    EXPECT_THAT(publisher.published().wait_for(4), testing::Each(Published::durable));
    expect_nothing_left(*consumer);
}

TEST_P(BusConformance, CountsHowOftenAMessageWasGivenBack) {
    TestPublisher publisher(fixture_->bus());
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    publisher.publish(fixture_->queue(), "again");
    for (std::uint32_t round = 0; round < 3; ++round) {
        const auto taken = take(*consumer, 1);
        ASSERT_THAT(taken, SizeIs(1));
        EXPECT_EQ(taken[0].bytes, "again");
        EXPECT_EQ(taken[0].earlier_deliveries, round);
        ASSERT_TRUE(consumer->give_back(tags_of(taken)).has_value());
    }
}

TEST_P(BusConformance, SharesAQueueBetweenConsumersWithoutDoubles) {
    constexpr std::size_t kMessages = 1'000;
    TestPublisher publisher(fixture_->bus());
    Box<std::string> seen;
    const auto consume = [&](ports::Consumer& consumer) {
        while (true) {
            const auto taken = consumer.take(7, patience());
            if (!taken || taken->empty()) return;
            for (const auto& delivery : *taken)
                seen.put(delivery.bytes);
            EXPECT_TRUE(consumer.ack(tags_of(*taken)).has_value());
        }
    };
    const auto one = fixture_->bus().make_consumer(fixture_->queue());
    const auto two = fixture_->bus().make_consumer(fixture_->queue());
    std::thread first(consume, std::ref(*one));
    std::thread second(consume, std::ref(*two));
    publisher.publish_many(fixture_->queue(), kMessages);
    seen.wait_for(kMessages);
    publisher.published().wait_for(kMessages);
    one->interrupt();
    two->interrupt();
    first.join();
    second.join();

    const auto all = seen.so_far();
    EXPECT_EQ(all.size(), kMessages);
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), kMessages);
}

TEST_P(BusConformance, RefusesWhenTheQueueIsFullAndTakesAgainWhenThereIsRoom) {
    const auto published_max = kQueueMax + GetParam().messages_beyond_limit_max + 1;
    TestPublisher publisher(fixture_->bus());
    publisher.publish_many(fixture_->queue(), published_max);
    TestPublisher other(fixture_->bus());
    if (GetParam().messages_beyond_limit_max > 0) publisher.published().wait_for(published_max);
    other.publish(fixture_->queue(), "too much again");
    EXPECT_THAT(other.published().wait_for(1), ElementsAre(Published::queue_full));

    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    std::size_t taken_count = 0;
    const auto take_and_ack = [&](std::size_t count) {
        const auto taken = take(*consumer, count);
        ASSERT_TRUE(consumer->ack(tags_of(taken)).has_value());
        taken_count += taken.size();
    };
    take_and_ack(kQueueMax);
    const auto published = publisher.published().wait_for(published_max);
    const auto durable =
        static_cast<std::size_t>(std::ranges::count(published, Published::durable));
    EXPECT_GE(durable, kQueueMax);
    EXPECT_LT(durable, published_max);
    EXPECT_EQ(std::ranges::count(published, Published::queue_full),
              std::ptrdiff_t(published_max - durable));
    take_and_ack(durable - kQueueMax);
    expect_nothing_left(*consumer);

    TestPublisher later(fixture_->bus());
    later.publish(fixture_->queue(), "fits");
    EXPECT_THAT(bytes_of(take(*consumer, 1)), ElementsAre("fits"));
}

TEST_P(BusConformance, TellsDurableOnlyAfterTheAck) {
    if (!GetParam().confirms_at_ack) GTEST_SKIP() << "this bus is durable by itself";
    TestPublisher publisher(fixture_->bus());
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    publisher.publish_many(fixture_->queue(), 2);
    const auto taken = take(*consumer, 2);
    EXPECT_THAT(publisher.published().so_far(), IsEmpty());
    const auto first = taken.at(0).tag;
    ASSERT_TRUE(consumer->ack(std::span(&first, 1)).has_value());
    EXPECT_THAT(publisher.published().so_far(), ElementsAre(Published::durable));
}

TEST_P(BusConformance, RepliesToTheSenderOnly) {
    TestPublisher one(fixture_->bus());
    TestPublisher two(fixture_->bus());
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    one.publish(fixture_->queue(), "1");
    two.publish(fixture_->queue(), "2");
    one.publish(fixture_->queue(), "11");

    const auto taken = take(*consumer, 3);
    std::vector<ports::Reply> replies;
    for (const auto& delivery : taken)
        replies.push_back({delivery.reply_to, delivery.bytes});
    consumer->reply(std::move(replies));
    ASSERT_TRUE(consumer->ack(tags_of(taken)).has_value());

    EXPECT_THAT(one.replies().wait_for(2), UnorderedElementsAre("1", "11"));
    EXPECT_THAT(two.replies().wait_for(1), ElementsAre("2"));
}

TEST_P(BusConformance, GoesOnWhenTheSenderOfAReplyIsGone) {
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    auto publisher = fixture_->bus().make_publisher([](const std::vector<std::string>&) {});
    publisher->publish(fixture_->queue(), base::Uuid::make_v7(base::Time::now()), "bye", true,
                       [](Published) {});
    const auto taken = take(*consumer, 1);
    publisher.reset();
    consumer->reply({{taken.at(0).reply_to, "too late"}});
    EXPECT_TRUE(consumer->ack(tags_of(taken)).has_value());
}

TEST_P(BusConformance, GivesNoAddressWhenNoReplyIsWanted) {
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    const auto publisher = fixture_->bus().make_publisher(nullptr);
    publisher->publish(fixture_->queue(), base::Uuid::make_v7(base::Time::now()), "quiet", false,
                       [](Published) {});
    EXPECT_EQ(take(*consumer, 1).at(0).reply_to, "");
}

TEST_P(BusConformance, SetsDeadLettersAsideWithTheirReason) {
    TestPublisher publisher(fixture_->bus());
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    publisher.publish(fixture_->queue(), "poison");
    const auto taken = take(*consumer, 1);
    ASSERT_TRUE(consumer->dead_letter(taken.at(0).tag, "poison", "held < 0").has_value());
    ASSERT_TRUE(consumer->ack(tags_of(taken)).has_value());

    EXPECT_THAT(fixture_->dead_letters(),
                ElementsAre(BusFixture::DeadLetter{.bytes = "poison", .reason = "held < 0"}));
    const auto told = publisher.published().wait_for(1);
    EXPECT_EQ(told.at(0), GetParam().confirms_at_ack ? Published::dead : Published::durable);
    expect_nothing_left(*consumer);
}

TEST_P(BusConformance, GivesDeadLettersOutAsTheyDied) {
    TestPublisher publisher(fixture_->bus());
    const std::string bytes = R"([{"id":"01938a1e-4c00-7000-8000-0000000000aa"},{"id":2}])";
    const auto desk = fixture_->bus().make_consumer(ports::kDeadQueue);
    {
        const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
        publisher.publish(fixture_->queue(), "poison");
        auto taken = take(*consumer, 1);
        ASSERT_TRUE(consumer->give_back(tags_of(taken)).has_value());
        taken = take(*consumer, 1);
        ASSERT_TRUE(consumer->dead_letter(taken.at(0).tag, bytes, "held < 0").has_value());
        ASSERT_TRUE(consumer->ack(tags_of(taken)).has_value());
    }
    auto letters = take(*desk, 1);
    const std::string message_id = letters.at(0).message_id;
    EXPECT_EQ(letters[0].bytes, bytes);
    EXPECT_EQ(letters[0].death.queue, fixture_->queue());
    EXPECT_EQ(letters[0].death.reason, "held < 0");
    EXPECT_EQ(letters[0].death.redeliveries, 1U);
    EXPECT_EQ(letters[0].earlier_deliveries, 0U);
    EXPECT_NE(message_id, "");

    ASSERT_TRUE(desk->give_back(tags_of(letters)).has_value());
    letters = take(*desk, 1);
    EXPECT_EQ(letters.at(0).bytes, bytes) << "an array of commands is not taken apart";
    EXPECT_EQ(letters[0].message_id, message_id);
    EXPECT_EQ(letters[0].earlier_deliveries, 1U);
    EXPECT_EQ(letters[0].death.redeliveries, 1U);
    ASSERT_TRUE(desk->ack(tags_of(letters)).has_value());
    expect_nothing_left(*desk);
}

TEST_P(BusConformance, SetsOneElementOfAMessageAside) {
    TestPublisher publisher(fixture_->bus());
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    publisher.publish(fixture_->queue(), "[1,2,3]");
    const auto taken = take(*consumer, 1);
    ASSERT_TRUE(consumer->dead_letter(taken.at(0).tag, "2", "no id").has_value());
    ASSERT_TRUE(consumer->ack(tags_of(taken)).has_value());
    EXPECT_THAT(fixture_->dead_letters(),
                ElementsAre(BusFixture::DeadLetter{.bytes = "2", .reason = "no id"}));
}

TEST_P(BusConformance, ReturnsEmptyAtTheDeadline) {
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    const auto deadline = base::in(10ms);
    const auto taken = consumer->take(10, deadline);
    ASSERT_TRUE(taken.has_value()) << taken.error().detail;
    EXPECT_THAT(bytes_of(*taken), IsEmpty());
    EXPECT_GE(std::chrono::steady_clock::now(), deadline);
}

TEST_P(BusConformance, InterruptEndsTheTakeUnderWay) {
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    Box<std::size_t> taken;
    std::thread taker([&] {
        const auto batch = consumer->take(10, patience());
        taken.put(batch ? batch->size() : 99);
    });
    consumer->interrupt();
    EXPECT_THAT(taken.wait_for(1), ElementsAre(0U));
    taker.join();
}

TEST_P(BusConformance, InterruptEndsTheNextTakeAndNoOther) {
    TestPublisher publisher(fixture_->bus());
    const auto consumer = fixture_->bus().make_consumer(fixture_->queue());
    consumer->interrupt();
    const auto interrupted = consumer->take(10, patience());
    ASSERT_TRUE(interrupted.has_value());
    EXPECT_THAT(bytes_of(*interrupted), IsEmpty());
    publisher.publish(fixture_->queue(), "after");
    EXPECT_THAT(bytes_of(take(*consumer, 1)), ElementsAre("after"));
}

TEST_P(BusConformance, HasNoTroubleWhileItWorks) {
    EXPECT_EQ(fixture_->bus().trouble(), "");
}

}  // namespace
}  // namespace stockroom::conformance
