#include "messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/contract/events.hpp"

namespace stockroom::relay {
namespace {

using ::testing::ElementsAre;

ports::LoggedEvent event(std::int64_t position, std::string type, std::size_t bytes = 2) {
    return {.position = position,
            .event = {.type = std::move(type),
                      .key = "item/A",
                      .version = position,
                      .command = base::Uuid(),
                      .actor = "user:1",
                      .at = base::Time::from_microseconds(position),
                      .data = "\"" + std::string(bytes - 2, 'x') + "\""}};
}

/// "TYPE FIRST-LAST" of each.
std::vector<std::string> shapes(const std::vector<ports::EventMessage>& messages) {
    std::vector<std::string> texts;
    for (const auto& message : messages) {
        texts.push_back(message.type + " " + std::to_string(message.first) + "-" +
                        std::to_string(message.last));
        const auto events = contract::decode_events(message.bytes).value();
        EXPECT_EQ(events.front().position, message.first);
        EXPECT_EQ(events.back().position, message.last);
        for (const auto& each : events)
            EXPECT_EQ(each.type, message.type);
    }
    return texts;
}

TEST(ToMessages, GivesNoneForNone) {
    EXPECT_TRUE(to_messages({}).empty());
}

TEST(ToMessages, PutsNeighboursOfOneTypeTogether) {
    EXPECT_THAT(shapes(to_messages({event(5, "a"), event(6, "a"), event(7, "b"), event(8, "a"),
                                    event(9, "a"), event(10, "a")})),
                ElementsAre("a 5-6", "b 7-7", "a 8-10"));
}

TEST(ToMessages, KeepsEveryMemberOfAnEvent) {
    const auto logged = event(5, "item.created");
    const auto events = contract::decode_events(to_messages({logged}).front().bytes).value();
    EXPECT_THAT(events, ElementsAre(contract::CloudEvent{.position = 5,
                                                         .type = "item.created",
                                                         .key = "item/A",
                                                         .version = 5,
                                                         .command = base::Uuid(),
                                                         .actor = "user:1",
                                                         .at = logged.event.at,
                                                         .data = logged.event.data}));
}

TEST(ToMessages, BoundsTheirCount) {
    EXPECT_THAT(shapes(to_messages(
                    {event(1, "a"), event(2, "a"), event(3, "a"), event(4, "a"), event(5, "a")},
                    {.events_max = 2, .bytes_max = 1'000})),
                ElementsAre("a 1-2", "a 3-4", "a 5-5"));
}

TEST(ToMessages, BoundsTheirBytesButForOneThatIsLarger) {
    EXPECT_THAT(shapes(to_messages({event(1, "a", 40), event(2, "a", 60), event(3, "a", 2),
                                    event(4, "a", 500), event(5, "a", 2)},
                                   {.events_max = 256, .bytes_max = 100})),
                ElementsAre("a 1-2", "a 3-3", "a 4-4", "a 5-5"));
}

}  // namespace
}  // namespace stockroom::relay
