#include "item_list.hpp"

#include <functional>
#include <vector>

#include <gmock/gmock.h>

namespace stockroom::orders {
namespace {

using ::testing::ElementsAre;

/// So many items, in pages.
class Items {
  public:
    explicit Items(std::size_t count) : count_(count) {}

    ports::PageResult<domain::ItemView> operator()(const ports::PageRequest& request) {
        limits.push_back(request.limit);
        ports::Page<domain::ItemView> page;
        while (given_ < count_ && page.rows.size() < request.limit) {
            page.rows.push_back(
                {.item = {.sku = domain::Sku::parse(std::to_string(++given_)).value(),
                          .name = "é",
                          .label = "",
                          .price = base::Money::from_minor(105),
                          .created_at = {},
                          .updated_at = {}},
                 .on_hand = 5,
                 .held = 2});
        }
        if (given_ < count_) page.next = "more";
        return page;
    }

    std::vector<std::size_t> limits;  // of the pages asked for

  private:
    const std::size_t count_;
    std::size_t given_ = 0;
};

TEST(ItemList, HasAllItems) {
    Items none(0);
    EXPECT_EQ(list_items(std::ref(none)), "[]");
    Items two(2);
    EXPECT_EQ(list_items(std::ref(two)),
              R"([{"sku":"1","name":"é","label":"","price":1.05,"quantity":5},)"
              R"({"sku":"2","name":"é","label":"","price":1.05,"quantity":5}])");
}

TEST(ItemList, IsReadPageByPage) {
    Items many(1'001);
    const auto list = list_items(std::ref(many));
    ASSERT_TRUE(list) << list.error().detail;
    EXPECT_TRUE(list->contains(R"("sku":"1001")"));
    EXPECT_THAT(many.limits, ElementsAre(500U, 500U, 500U));
}

TEST(ItemList, IsRefusedWhenItIsTooLongForAMessage) {
    Items many(1'001);
    const auto list = list_items(std::ref(many), 40'000);
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().kind, ports::ErrorKind::permanent);
    EXPECT_THAT(many.limits, ElementsAre(500U, 500U)) << "nobody reads what cannot be sent";
}

TEST(ItemList, TellsTheStoresTrouble) {
    const auto list = list_items([](const ports::PageRequest& /*page*/) {
        return ports::PageResult<domain::ItemView>(
            std::unexpect, ports::Error{ports::ErrorKind::retryable, "away"});
    });
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().kind, ports::ErrorKind::retryable);
}

}  // namespace
}  // namespace stockroom::orders
