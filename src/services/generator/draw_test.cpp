#include "draw.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/json.hpp"

namespace stockroom::generator {
namespace {

using contract::JsonValue;

const std::vector<std::string> kSkus{"a", "b", "c", "d"};

std::vector<std::string> some_orders(std::uint64_t seed, Placed placed = Placed::reserved) {
    Draw draw(seed, placed);
    draw.set_catalogue(kSkus);
    std::vector<std::string> orders;
    for (int i = 0; i < 500; ++i)
        orders.push_back(draw.next());
    return orders;
}

TEST(Draw, TheSeedDecides) {
    EXPECT_EQ(some_orders(7), some_orders(7));
    EXPECT_NE(some_orders(7), some_orders(8));
}

TEST(Draw, OrdersAreOfTheCatalogueAndOfEverySize) {
    std::set<std::string> skus;
    std::set<std::string> quantities;
    std::set<std::size_t> lines;
    for (const auto& order : some_orders(1)) {
        const auto json = contract::read_json(order);
        ASSERT_TRUE(json) << order;
        EXPECT_EQ(*json->find("customer")->as<std::string>(), "generator");
        EXPECT_EQ(json->find("confirm"), nullptr);
        const auto& of = *json->find("lines")->as<JsonValue::Array>();
        lines.insert(of.size());
        for (const auto& line : of) {
            skus.insert(*line.find("sku")->as<std::string>());
            quantities.insert(line.find("quantity")->as<JsonValue::Number>()->text);
        }
    }
    EXPECT_EQ(skus, (std::set<std::string>{"a", "b", "c", "d"}));
    EXPECT_EQ(quantities, (std::set<std::string>{"1", "2", "3", "4", "5"}));
    EXPECT_EQ(lines, (std::set<std::size_t>{1, 2, 3}));
}

TEST(Draw, OrdersGoAsFarAsTheyAreTold) {
    EXPECT_THAT(some_orders(1, Placed::confirmed).front(),
                testing::AllOf(testing::HasSubstr(R"("confirm":true)"),
                               testing::Not(testing::HasSubstr("fulfil"))));
    EXPECT_THAT(some_orders(1, Placed::fulfilled).front(),
                testing::HasSubstr(R"("confirm":true,"fulfil":true)"));
}

TEST(Draw, OfAnEmptyCatalogueThereAreNone) {
    Draw draw(1, Placed::reserved);
    EXPECT_EQ(draw.items(), 0U);
    EXPECT_THROW((void)draw.next(), base::bug);
}

}  // namespace
}  // namespace stockroom::generator
