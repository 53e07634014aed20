#include "hearing.hpp"

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "stockroom/contract/events.hpp"

namespace stockroom::gateway {
namespace {

using What = Heard::What;

contract::CloudEvent changed(std::int64_t position, const std::string& sku) {
    return {.position = position,
            .type = "item.changed",
            .key = "item/" + sku,
            .version = 2,
            .command = std::nullopt,
            .actor = "anonymous",
            .at = {},
            .data = "{}"};
}

std::string bytes_of(const std::vector<contract::CloudEvent>& events) {
    return contract::encode_events(events);
}

class HearingTest : public testing::Test {
  protected:
    boost::asio::io_context context_{1};
    std::vector<std::vector<Heard>> delivered_;
    std::shared_ptr<Hearing> hearing_ = std::make_shared<Hearing>(
        context_, [this](const std::vector<Heard>& heard) { delivered_.push_back(heard); }, 10);
};

TEST_F(HearingTest, CarriesAllThatCameInMeanwhileInOrder) {
    hearing_->on_gap();
    const auto at = base::Time::from_microseconds(7);
    const auto heartbeat = contract::make_heartbeat(6, at);
    hearing_->on_events(contract::kHeartbeatType, bytes_of({heartbeat}));
    hearing_->on_events("item.changed", bytes_of({changed(7, "A"), changed(8, "B")}));
    EXPECT_EQ(context_.poll(), 1U);
    ASSERT_EQ(delivered_.size(), 1U);
    const std::vector<Heard>& heard = delivered_.front();
    ASSERT_EQ(heard.size(), 3U);
    EXPECT_EQ(heard[0].what, What::gap);
    EXPECT_EQ(heard[1].what, What::heartbeat);
    EXPECT_EQ(heard[1].last, 6);
    EXPECT_EQ(heard[1].at, at);
    EXPECT_EQ(heard[2].what, What::events);
    EXPECT_EQ(heard[2].first, 7);
    EXPECT_EQ(heard[2].last, 8);
    EXPECT_EQ(heard[2].changed.size(), 4U);
    hearing_->on_gap();
    context_.restart();
    EXPECT_EQ(context_.poll(), 1U);
    EXPECT_EQ(delivered_.size(), 2U);
}

TEST_F(HearingTest, TakesWhatItCannotReadForAGap) {
    for (const std::string& bytes : {std::string("no JSON"), std::string("[]"), std::string("[{}]"),
                                     bytes_of({changed(7, "A"), changed(9, "B")})}) {
        delivered_.clear();
        hearing_->on_events("item.changed", bytes);
        context_.restart();
        context_.poll();
        ASSERT_EQ(delivered_.size(), 1U) << bytes;
        ASSERT_EQ(delivered_.front().size(), 1U);
        EXPECT_EQ(delivered_.front().front().what, What::gap);
    }
}

TEST_F(HearingTest, TakesWhatIsTooMuchForAGap) {
    for (int position = 1; position <= 5; ++position)
        hearing_->on_events("item.changed", bytes_of({changed(position, "A")}));
    context_.poll();
    ASSERT_EQ(delivered_.size(), 1U);
    const std::vector<Heard>& heard = delivered_.front();
    ASSERT_EQ(heard.size(), 2U);
    EXPECT_EQ(heard[0].what, What::gap);
    EXPECT_EQ(heard[1].first, 5);
}

TEST_F(HearingTest, DropsWhatComesAfterItsEnd) {
    hearing_->on_gap();
    hearing_->close();
    hearing_->on_gap();
    context_.poll();
    EXPECT_TRUE(delivered_.empty());
}

}  // namespace
}  // namespace stockroom::gateway
