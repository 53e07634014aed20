#include "replies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom::bus_amqp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> joined(std::vector<ports::Reply> replies) {
    std::vector<std::string> texts;
    for (const auto& message : join(std::move(replies)))
        texts.push_back(message.reply_to + message.correlation_id + ": " + message.bytes);
    return texts;
}

TEST(Join, MakesOneMessageForEachAddress) {
    EXPECT_THAT(joined({{"a", "1"}, {"b", "2"}, {"a", "3"}, {"a", "4"}}),
                ElementsAre("a: [1,3,4]", "b: 2"));
}

TEST(Join, MakesOneMessageForEachCorrelationIdOfAnAddress) {
    EXPECT_THAT(joined({{"a", "1", "x"},
                        {"a", "2", "y"},
                        {"a", "3"},
                        {"a", "4", "x"},
                        {"b", "5", "x"},
                        {"a", "6"}}),
                ElementsAre("ax: [1,4]", "ay: 2", "a: [3,6]", "bx: 5"));
}

TEST(Join, DropsWhatNobodyAskedFor) {
    EXPECT_THAT(joined({{"", "1"}}), IsEmpty());
}

TEST(Join, BeginsAnotherMessageWhenOneIsFull) {
    const std::vector<ports::Reply> many(513, {"a", "7"});
    const auto messages = join(many);
    ASSERT_THAT(messages, SizeIs(3));
    for (const auto& message : {messages[0], messages[1]}) {
        EXPECT_THAT(message.bytes, SizeIs(2 * 256 + 1));
        EXPECT_EQ(message.bytes.front(), '[');
        EXPECT_EQ(message.bytes.back(), ']');
    }
    EXPECT_EQ(messages[2].bytes, "7");

    const std::string large(600'000, '1');
    EXPECT_THAT(join({{"a", large}, {"a", large}, {"a", "2"}}), SizeIs(2));
}

}  // namespace
}  // namespace stockroom::bus_amqp
