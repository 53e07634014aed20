#include "management.hpp"

#include <gtest/gtest.h>

namespace stockroom::health {
namespace {

contract::JsonValue json(std::string_view text) {
    auto value = contract::read_json(text);
    EXPECT_TRUE(value.has_value()) << text;
    return value.value_or(contract::JsonValue());
}

TEST(Management, ReadsWhatItKnowsOfQueues) {
    const auto queues = read_queues(json(
        R"([{"consumers":2,"messages_ready":7,"messages_unacknowledged":3,"name":"stockroom.orders",)"
        R"("message_stats":{"ack":41,"ack_details":{"rate":0.4},"publish_details":{"rate":1.5}}},)"
        R"({"consumers":0,"messages_ready":0,"messages_unacknowledged":0,"name":"stockroom.dead"}])"));
    ASSERT_TRUE(queues);
    ASSERT_EQ(queues->size(), 2U);
    const QueueFigures& orders = queues->at("stockroom.orders");
    EXPECT_EQ(orders.consumers, 2);
    EXPECT_EQ(orders.ready, 7);
    EXPECT_EQ(orders.unacked, 3);
    EXPECT_EQ(orders.in_per_minute, 90);
    EXPECT_EQ(orders.out_per_minute, 24);
    EXPECT_EQ(orders.acked, 41);
    EXPECT_EQ(queues->at("stockroom.dead").in_per_minute, 0);
}

TEST(Management, TellsOtherAnswersFromAListOfQueues) {
    EXPECT_FALSE(read_queues(json(R"({"error":"not_authorised"})")));
    EXPECT_FALSE(read_queues(contract::JsonValue()));
    EXPECT_TRUE(read_queues(json("[]"))->empty());
}

TEST(Management, TellsOfTheAlarmThatHoldsUpPublishers) {
    EXPECT_EQ(read_alarms(json(R"([{"name":"a@h","mem_alarm":false,"disk_free_alarm":false}])")),
              "");
    EXPECT_EQ(read_alarms(json(R"([{"name":"a@h","mem_alarm":false,"disk_free_alarm":false},)"
                               R"({"name":"b@h","mem_alarm":true,"disk_free_alarm":false}])")),
              "b@h has too little memory and takes no messages");
    EXPECT_EQ(read_alarms(json(R"([{"name":"a@h","mem_alarm":false,"disk_free_alarm":true}])")),
              "a@h has too little disk space and takes no messages");
    EXPECT_EQ(read_alarms(json(R"({"error":"not_authorised"})")), "");
}

}  // namespace
}  // namespace stockroom::health
