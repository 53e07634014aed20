#include "cache_keys.hpp"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom::gateway {

/// For GoogleTest.
static void PrintTo(const CacheKey& key, std::ostream* out) {
    *out << static_cast<int>(key.what) << ":" << key.name;
}

namespace {

using testing::UnorderedElementsAre;

constexpr std::string_view kOrder = "01938a1e-4c00-7000-8000-000000000001";

CacheKey item(std::string sku) {
    return {Cached::item, std::move(sku)};
}
CacheKey stock(std::string sku) {
    return {Cached::stock, std::move(sku)};
}
CacheKey order() {
    return {Cached::order, std::string(kOrder)};
}

std::vector<CacheKey> keys_of_event(std::string key, std::string data = "{}") {
    contract::CloudEvent event;
    event.key = std::move(key);
    event.data = std::move(data);
    return keys_of(event);
}

domain::OrderView order_of(const std::vector<std::string>& skus) {
    domain::OrderView view;
    view.order.id = *base::Uuid::parse(kOrder);
    for (const std::string& sku : skus)
        view.order.lines.push_back(
            {.sku = *domain::Sku::parse(sku), .quantity = 1, .unit_price = {}});
    return view;
}

std::vector<CacheKey> keys_of_outcome(domain::Result result,
                                      std::vector<domain::Shortage> shortages = {}) {
    contract::ReadOutcome read;
    read.outcome.result = std::move(result);
    read.outcome.shortages = std::move(shortages);
    return keys_of(read);
}

TEST(CacheKeys, OfEvents) {
    EXPECT_THAT(keys_of_event("item/A/B"), UnorderedElementsAre(item("A/B"), stock("A/B")));
    EXPECT_THAT(keys_of_event("level/A/B/main"), UnorderedElementsAre(item("A/B"), stock("A/B")));
    EXPECT_THAT(keys_of_event("order/" + std::string(kOrder),
                              R"({"lines":[{"sku":"A","quantity":1},{"sku":"B","quantity":2}]})"),
                UnorderedElementsAre(order(), stock("A"), stock("B")));
    EXPECT_THAT(keys_of_event("order/" + std::string(kOrder), "{}"), UnorderedElementsAre(order()));
    EXPECT_THAT(keys_of_event("movement/" + std::string(kOrder)), UnorderedElementsAre());
    EXPECT_THAT(keys_of_event("location/main"), UnorderedElementsAre());
    EXPECT_THAT(keys_of_event(""), UnorderedElementsAre());
}

TEST(CacheKeys, OfOutcomes) {
    const domain::Sku sku = *domain::Sku::parse("A");
    const auto view = domain::ItemView{.item = {.sku = sku,
                                                .name = {},
                                                .label = {},
                                                .price = {},
                                                .reorder_point = 0,
                                                .retired = false,
                                                .version = 1,
                                                .created_at = {},
                                                .updated_at = {}}};
    EXPECT_THAT(keys_of_outcome(view), UnorderedElementsAre(item("A"), stock("A")));
    const domain::Level level{.sku = *domain::Sku::parse("A"),
                              .location = domain::LocationCode::main()};
    EXPECT_THAT(keys_of_outcome(level), UnorderedElementsAre(item("A"), stock("A")));
    EXPECT_THAT(keys_of_outcome(order_of({"A", "B"})),
                UnorderedElementsAre(order(), item("A"), stock("A"), item("B"), stock("B")));
    EXPECT_THAT(keys_of_outcome(std::monostate(),
                                {{.sku = *domain::Sku::parse("C"), .wanted = 2, .available = 1}}),
                UnorderedElementsAre(item("C"), stock("C")));
    EXPECT_THAT(keys_of_outcome(std::monostate()), UnorderedElementsAre());
}

}  // namespace
}  // namespace stockroom::gateway
