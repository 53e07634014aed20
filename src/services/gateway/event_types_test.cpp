#include "event_types.hpp"

#include <gtest/gtest.h>

namespace stockroom::gateway {
namespace {

TEST(EventTypes, ContainsAllByDefault) {
    EXPECT_TRUE(EventTypes().contains("order.reserved"));
    EXPECT_TRUE(EventTypes().contains("something.else"));
}

TEST(EventTypes, ContainsWhatItsListNames) {
    const auto types = EventTypes::parse("order.*,item.created");
    ASSERT_TRUE(types);
    EXPECT_TRUE(types->contains("order.reserved"));
    EXPECT_TRUE(types->contains("order.partially_fulfilled"));
    EXPECT_TRUE(types->contains("item.created"));
    EXPECT_FALSE(types->contains("item.changed"));
    EXPECT_FALSE(types->contains("level.changed"));
    EXPECT_FALSE(types->contains("orders"));
}

TEST(EventTypes, KnowsTheThingOfEveryType) {
    for (const auto* type : {"item.created", "location.created", "stock.received", "order.reserved",
                             "level.changed"}) {
        const std::string_view name = type;
        const auto types = EventTypes::parse(std::string(name.substr(0, name.find('.'))) + ".*");
        ASSERT_TRUE(types) << type;
        EXPECT_TRUE(types->contains(type));
    }
}

TEST(EventTypes, RefusesWhatIsNoListOfTypes) {
    for (const auto* text :
         {"", ",", "order.*,", "*", ".*", "orders.*", "order", "order.", "order.sold", "ord.*",
          "item.created item.changed", "*.created", "Order.*", "item.cr*"})
        EXPECT_FALSE(EventTypes::parse(text)) << text;
}

}  // namespace
}  // namespace stockroom::gateway
