#include "stockroom/domain/state.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "testing/enumerators.hpp"

namespace stockroom::domain {
namespace {

TEST(OrderTransition, IsAllowedWhereTheTableHasIt) {
    using enum OrderState;
    struct Row {
        std::optional<OrderState> from;
        std::string to;  // reserved, confirmed, partially_fulfilled, fulfilled, rejected, …
    };
    const std::vector<Row> rows = {
        {std::nullopt, "xx-xx--"}, {reserved, "-x---xx"},
        {confirmed, "--xx--x"},    {partially_fulfilled, "--xx---"},
        {fulfilled, "---x---"},    {rejected, "-------"},
        {expired, "-------"},      {cancelled, "-------"},
    };
    const auto names = testing::enumerator_names<OrderState>();
    ASSERT_EQ(rows.size(), names.size() + 1);
    for (const Row& row : rows) {
        ASSERT_EQ(row.to.size(), names.size());
        for (std::size_t to = 0; to < row.to.size(); ++to) {
            EXPECT_EQ(is_order_transition(row.from, static_cast<OrderState>(to)), row.to[to] == 'x')
                << (row.from ? names[static_cast<std::size_t>(*row.from)] : "none") << " to "
                << names[to];
        }
    }
}

}  // namespace
}  // namespace stockroom::domain
