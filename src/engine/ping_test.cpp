#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/engine/engine.hpp"

#include "testing/fakes.hpp"

namespace stockroom::engine {
namespace {

using namespace engine::testing;
using ::testing::ElementsAre;

ports::Delivery ping(std::uint64_t tag) {
    return {
        .tag = tag,
        .bytes = contract::encode_command(
            {.id = id(tag), .actor = "system:health", .at = std::nullopt, .body = domain::Ping{}}),
        .reply_to = "health",
        .correlation_id = "7"};
}

class PingTest : public ::testing::Test {
  protected:
    void run(std::vector<ports::Delivery> deliveries, std::string queue) {
        consumer_.emplace(std::move(deliveries), stop_);
        Engine engine({.service = "stock", .queue = std::move(queue)}, *consumer_, store_,
                      metrics_);
        engine.run(stop_.get_token());
    }

    std::stop_source stop_;
    std::optional<OneTake> consumer_;
    CountingStore store_;
    telemetry::Metrics metrics_;
};

TEST_F(PingTest, IsAnsweredWithoutTheStoreOnEveryQueue) {
    store_.on_begin = [] {
        ADD_FAILURE() << "the store was asked";
        return ports::Error{ports::ErrorKind::retryable, "away"};
    };
    for (const auto* queue : {"stockroom.stock", "stockroom.orders", "stockroom.health"}) {
        SCOPED_TRACE(queue);
        stop_ = {};
        run({ping(1)}, queue);
        ASSERT_EQ(consumer_->replied.size(), 1U);
        const ports::Reply& reply = consumer_->replied.front();
        EXPECT_EQ(reply.reply_to, "health");
        EXPECT_EQ(reply.correlation_id, "7");
        const auto outcome = contract::decode_outcome(reply.bytes);
        ASSERT_TRUE(outcome) << outcome.error();
        EXPECT_EQ(outcome->id, id(1));
        EXPECT_EQ(outcome->outcome.code, domain::OutcomeCode(domain::PingOutcome::answered));
        EXPECT_THAT(consumer_->acked, ElementsAre(1));
        EXPECT_EQ(consumer_->dead, 0);
    }
}

TEST_F(PingTest, DoesNotWaitForItsNeighbours) {
    bool was_answered = false;
    store_.on_begin = [&]() -> std::optional<ports::Error> {
        was_answered = consumer_->replied.size() == 1;
        return std::nullopt;
    };
    auto deliveries = orders(2, 1);
    deliveries.push_back(ping(3));
    run(std::move(deliveries), "stockroom.orders");
    EXPECT_TRUE(was_answered);
    EXPECT_THAT(store_.commits, ElementsAre(2));
    EXPECT_THAT(consumer_->acked, ElementsAre(1, 2, 3));
}

TEST_F(PingTest, IsAnsweredAlsoWhenItsBodyIsWrong) {
    auto wrong = ping(1);
    const auto at = wrong.bytes.find("{}");
    wrong.bytes.replace(at, 2, R"({"more":1})");
    run({wrong}, "stockroom.stock");
    ASSERT_EQ(consumer_->replied.size(), 1U);
    const auto outcome = contract::decode_outcome(consumer_->replied.front().bytes);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->outcome.code, domain::OutcomeCode(domain::CommandRefusal::invalid));
    EXPECT_EQ(outcome->outcome.field, "more");
    EXPECT_TRUE(store_.commits.empty());
}

}  // namespace
}  // namespace stockroom::engine
