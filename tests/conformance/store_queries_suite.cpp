#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

const domain::Sku kApple = sku("IB1");

constexpr std::array<std::size_t, 3> kLimits{1, 2, 7};

std::vector<std::string> skus_of(const std::vector<domain::ItemView>& views) {
    std::vector<std::string> skus;
    for (const auto& view : views)
        skus.push_back(view.item.sku.text());
    return skus;
}

std::vector<base::Uuid> ids_of(const std::vector<domain::OrderView>& views) {
    std::vector<base::Uuid> ids;
    for (const auto& view : views)
        ids.push_back(view.order.id);
    return ids;
}

}  // namespace

TEST_P(StoreSuite, PagesOfItemsMissAndRepeatNothing) {
    for (const auto limit : kLimits) {
        const auto prefix = std::to_string(limit);
        std::vector<std::string> there;
        for (char letter = 'b'; letter < 'k'; ++letter) {
            there.push_back(prefix + letter);
            given_item(there.back(), "");
        }
        int inserted = 0;
        const auto all = walk<domain::ItemView>(
            [this](const auto& page) { return queries().items({}, page); }, limit,
            [&] {
                // One before, one after wherever the walk is.
                if (inserted++ < 5) {
                    given_item(prefix + "a" + std::to_string(inserted), "");
                    given_item(prefix + "z" + std::to_string(inserted), "");
                }
            });
        const auto skus = skus_of(all);
        EXPECT_TRUE(std::ranges::is_sorted(skus));
        EXPECT_EQ(std::set(skus.begin(), skus.end()).size(), skus.size());
        for (const auto& expected : there)
            EXPECT_TRUE(std::ranges::count(skus, expected) == 1) << expected;
    }
}

TEST_P(StoreSuite, PagesOfOrdersAreNewestFirstAndMissAndRepeatNothing) {
    given(store(), stocked(kApple, 1000, now()));
    int number = 0;
    while (number < 16)
        given_order(++number);
    for (const auto limit : kLimits) {
        std::vector<base::Uuid> there;
        for (int there_already = number; there_already > 0; --there_already)
            there.push_back(id(there_already));
        int inserted = 0;
        const auto walked = ids_of(walk<domain::OrderView>(
            [this](const auto& page) { return queries().orders({}, page); }, limit,
            [&] {
                if (inserted++ < 3) given_order(++number);
            }));
        EXPECT_EQ(walked, there);
    }
}

TEST_P(StoreSuite, PagesOfLargeOrdersEndEarlyAndMissNothing) {
    constexpr int kOrders = 25;
    const std::vector<domain::Sku> many(domain::kMaxOrderLines, kApple);
    const auto later = now().plus(std::chrono::hours(1));
    given(store(), stocked(kApple, 0, now()));
    std::vector<base::Uuid> there;
    for (int number = kOrders; number > 0; --number) {
        there.push_back(id(number));
        given(store(), placed(reserved(id(kOrders + 1 - number), many, now(), later)));
    }
    const auto first = must(queries().orders({}, {.cursor = "", .limit = ports::kMaxPageSize}));
    EXPECT_EQ(first.rows.size() * 2 * domain::kMaxOrderLines, ports::kMaxPageLines);
    EXPECT_FALSE(first.next.empty());
    EXPECT_EQ(
        ids_of(walk<domain::OrderView>(
            [this](const auto& page) { return queries().orders({}, page); }, ports::kMaxPageSize)),
        there);
}

TEST_P(StoreSuite, PagesOfTheLedgerAreNewestFirstAndMissAndRepeatNothing) {
    given(store(), stocked(kApple, 0, now()));
    given(store(), stocked(sku("IB2"), 5, now()));
    Batch batch;
    for (int quantity = 1; quantity <= 20; ++quantity)
        batch.changes.movements.push_back(movement(kApple, quantity, id(quantity), now()));
    given(store(), batch);
    auto there = batch.changes.movements;
    std::ranges::reverse(there);
    for (const auto limit : kLimits) {
        bool inserted = false;
        const auto walked = walk<domain::Movement>(
            [this](const auto& page) { return queries().movements(kApple, page); }, limit,
            [&] {
                if (std::exchange(inserted, true)) return;
                Batch later;
                later.changes.movements.push_back(movement(kApple, 99, id(99), now()));
                given(store(), later);
                there.insert(there.begin(), later.changes.movements[0]);
            });
        EXPECT_EQ(walked, std::vector(there.begin() + 1, there.end()));
    }
    EXPECT_TRUE(must(queries().movements(sku("never"), {})).rows.empty());
}

TEST_P(StoreSuite, LocationsStandByPriorityThenCode) {
    const auto b = location("b", 5, now());
    given(store(), changing(b, location("a", 5, now()), location("c", 0, now()),
                            location("d", domain::kMaxPriority, now())));
    for (const auto limit : kLimits) {
        const auto walked = walk<domain::Location>(
            [this](const auto& page) { return queries().locations(page); }, limit);
        std::vector<std::string> codes;
        for (const auto& location : walked)
            codes.push_back(location.code.text());
        EXPECT_THAT(codes, testing::ElementsAre("c", "main", "a", "b", "d"));
        EXPECT_EQ(walked[3], b);
    }
    // And each new one is there when the next batch decides.
    EXPECT_NE(must(store().begin({}, {}, soon()))->snapshot().find_location(code("d")), nullptr);
}

TEST_P(StoreSuite, RefusesCursorsThatNoPageGave) {
    given(store(), stocked(kApple, 5, now()));
    given(store(), stocked(sku("IB2"), 5, now()));
    given_order(1);
    given_order(2);
    const auto of_items = must(queries().items({}, {.cursor = "", .limit = 1})).next;
    const auto of_orders = must(queries().orders({}, {.cursor = "", .limit = 1})).next;
    ASSERT_FALSE(of_items.empty());
    ASSERT_FALSE(of_orders.empty());
    for (const auto& wrong :
         {std::string("x"), std::string("\0", 1), std::string("🍎"), of_items + "0",
          of_orders + "zz", std::string(10'000, '0'), std::string("' OR 1=1")}) {
        const ports::PageRequest page{.cursor = wrong, .limit = 1};
        const auto is_bad = [](const auto& result) {
            return !result && std::holds_alternative<ports::BadCursor>(result.error());
        };
        EXPECT_TRUE(is_bad(queries().items({}, page))) << wrong;
        EXPECT_TRUE(is_bad(queries().orders({}, page))) << wrong;
        EXPECT_TRUE(is_bad(queries().movements(kApple, page))) << wrong;
        EXPECT_TRUE(is_bad(queries().locations(page))) << wrong;
    }
    EXPECT_FALSE(queries().items({}, {.cursor = of_orders, .limit = 1}).has_value());
    EXPECT_FALSE(queries().orders({}, {.cursor = of_items, .limit = 1}).has_value());
}

TEST_P(StoreSuite, FindsItemsByAPrefixOfSkuOrWord) {
    given_item("IB1", "Apple juice, clear");
    given_item("ib1-L", "");
    given_item("X_1", "Pineapple");
    given_item("X%1", "Big ib1 bottle");
    given_item("Z 9", "Straße 7");
    using testing::ElementsAre;
    EXPECT_THAT(found_items("ib1"), ElementsAre("IB1", "X%1", "ib1-L"));
    EXPECT_THAT(found_items("IB1-"), testing::Contains("ib1-L"));
    EXPECT_THAT(found_items("APP"), ElementsAre("IB1"));
    EXPECT_THAT(found_items("jui"), ElementsAre("IB1"));
    EXPECT_THAT(found_items("apple j"), ElementsAre("IB1"));
    EXPECT_THAT(found_items("uice"), ElementsAre());
    EXPECT_THAT(found_items("X_"), testing::Contains("X_1"));
    EXPECT_THAT(found_items("X%"), testing::Contains("X%1"));
    EXPECT_THAT(found_items("z 9"), ElementsAre("Z 9"));
    EXPECT_THAT(found_items("Straß"), ElementsAre("Z 9"));
    for (const std::string odd : {"\"", "*", "' OR 1=1", "NOT", "a\" OR \"b", "%", "_", "--", " "})
        EXPECT_THAT(found_items(odd), ElementsAre()) << odd;
    EXPECT_THAT(found_items(std::string("IB1\0", 4)), ElementsAre());
}

TEST_P(StoreSuite, SearchFollowsEditsAndPages) {
    for (int number = 10; number < 30; ++number)
        given_item(std::to_string(number), "green tea");
    for (const auto limit : kLimits) {
        const auto walked = skus_of(walk<domain::ItemView>(
            [this](const auto& page) {
                return queries().items({.prefix = "TE", .label = "", .low_stock = false}, page);
            },
            limit));
        EXPECT_EQ(walked.size(), 20U);
        EXPECT_TRUE(std::ranges::is_sorted(walked));
    }
    auto renamed = must(queries().item(sku("12")))->item;
    renamed.name = "coffee";
    auto retired = must(queries().item(sku("13")))->item;
    retired.retired = true;
    given(store(), changing(renamed, retired));
    EXPECT_EQ(found_items("tea").size(), 18U);
    EXPECT_THAT(found_items("coff"), testing::ElementsAre("12"));
    EXPECT_FALSE(must(queries().item(sku("13"))).has_value());
    EXPECT_FALSE(must(queries().stock(sku("13"))).has_value());
    EXPECT_EQ(std::ranges::count(found_items(""), "13"), 0);
}

TEST_P(StoreSuite, FiltersItemsByLabelAndLowStock) {
    given_item("a", "tea", "hot");
    given_item("b", "tea", "cold");
    given_item("c", "juice", "cold");
    auto plenty = stocked(sku("d"), 10, now());
    plenty.changes.items[0].label = "cold";
    plenty.changes.items[0].reorder_point = 9;
    given(store(), plenty);
    using testing::ElementsAre;
    EXPECT_THAT(found_items("", "cold"), ElementsAre("b", "c", "d"));
    EXPECT_THAT(found_items("", "col"), ElementsAre());
    EXPECT_THAT(found_items("tea", "cold"), ElementsAre("b"));
    EXPECT_THAT(found_items("", "cold", true), ElementsAre("b", "c"));
    EXPECT_THAT(found_items("", "", true), ElementsAre("a", "b", "c"));
    const auto low = must(queries().items({.prefix = "", .label = "", .low_stock = true},
                                          {.cursor = "", .limit = 3}));
    EXPECT_EQ(low.next, "") << "only an item that is not low comes after c";
    auto held = level(sku("d"), 10, 1);
    held.version = 2;
    given(store(), changing(held));
    EXPECT_THAT(found_items("", "", true), ElementsAre("a", "b", "c", "d"));
}

TEST_P(StoreSuite, FiltersOrders) {
    given(store(), stocked(kApple, 10, now()));
    given_order(1, "c-1");
    given_order(2, "c-2");
    const auto since = now().plus(std::chrono::microseconds(1));
    while (now() < since) {
    }
    given_order(3, "c-1");
    auto confirmed = must(queries().order(id(1))).value();
    confirmed.order.state = domain::OrderState::confirmed;
    given(store(), changing(confirmed.order));

    using testing::ElementsAre;
    EXPECT_THAT(found_orders(""), ElementsAre(id(3), id(2), id(1)));
    EXPECT_THAT(found_orders("c-1"), ElementsAre(id(3), id(1)));
    EXPECT_THAT(found_orders("c-"), ElementsAre());
    EXPECT_THAT(found_orders("", domain::OrderState::confirmed), ElementsAre(id(1)));
    EXPECT_THAT(found_orders("c-1", domain::OrderState::reserved), ElementsAre(id(3)));
    const auto reserved =
        must(queries().orders({.customer = "", .state = domain::OrderState::reserved, .since = {}},
                              {.cursor = "", .limit = 2}));
    EXPECT_EQ(reserved.rows.size(), 2);
    EXPECT_EQ(reserved.next, "") << "only a confirmed order comes after the two";
    EXPECT_THAT(found_orders("", std::nullopt, since), ElementsAre(id(3)));
    EXPECT_THAT(found_orders("c-2", std::nullopt, since), ElementsAre());
}

TEST_P(StoreSuite, StockShowsLevelsAndOpenHoldsOldestFirst) {
    given(store(), changing(location("a-north", 5, now())));
    auto batch = stocked(kApple, 10, now());
    batch += stocked(sku("IB2"), 10, now());
    batch.changes.levels.push_back(level(kApple, 3, 0, code("a-north")));
    given(store(), batch);
    const auto later = now().plus(std::chrono::hours(1));
    const auto both = reserved(id(1), {sku("IB2"), kApple}, now(), later);
    auto ended = reserved(id(2), {kApple}, now(), later);
    ended.hold->state = domain::HoldState::ended;
    ended.hold->expires_at.reset();
    ended.hold->lines[0].posted = 1;
    const auto other = reserved(id(3), {sku("IB2")}, now(), later);
    auto committed = reserved(id(4), {kApple}, now(), later);
    committed.hold->state = domain::HoldState::committed;
    committed.hold->expires_at.reset();
    for (const auto& view : {both, ended, other, committed})
        given(store(), placed(view));

    const auto stock = must(queries().stock(kApple)).value();
    EXPECT_EQ(stock.item.on_hand, 13);
    ASSERT_EQ(stock.levels.size(), 2U);
    EXPECT_EQ(stock.levels[0].location, code("a-north"));
    EXPECT_EQ(stock.levels[1].on_hand, 10);
    auto first = *both.hold;
    first.lines.erase(first.lines.begin());
    EXPECT_EQ(stock.holds, (std::vector{first, *committed.hold}));
    EXPECT_FALSE(stock.more_holds);
    EXPECT_FALSE(must(queries().stock(sku("never"))).has_value());
}

TEST_P(StoreSuite, StockSaysWhenThereAreMoreHoldsThanItShows) {
    auto batch = stocked(kApple, 1000, now());
    const auto later = now().plus(std::chrono::hours(1));
    for (int number = 1; number <= 501; ++number)
        batch += placed(reserved(id(number), {kApple}, now(), later));
    given(store(), batch);
    const auto stock = must(queries().stock(kApple)).value();
    EXPECT_EQ(stock.holds.size(), ports::kMaxPageSize);
    EXPECT_TRUE(stock.more_holds);
}

TEST_P(StoreSuite, GivesTheLogAfterAPosition) {
    EXPECT_EQ(must(queries().log_head()), 0);
    Batch batch;
    for (int version = 1; version <= 10; ++version)
        batch.events.push_back(event("a", version, now()));
    given(store(), batch);
    given(store(), {.events = {event("b", 1, now())}});
    const auto all = must(queries().events_after(0, 100));
    ASSERT_EQ(all.size(), 11U);
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(all[i].position, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(all[9].event.version, 10);
    EXPECT_EQ(all[10].event.key, "b");
    const auto some = must(queries().events_after(3, 2));
    ASSERT_EQ(some.size(), 2U);
    EXPECT_EQ(some[0].position, 4);
    EXPECT_TRUE(must(queries().events_after(11, 10)).empty());
    EXPECT_EQ(must(queries().log_head()), 11);
}

}  // namespace stockroom::conformance
