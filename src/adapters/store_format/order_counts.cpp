#include "stockroom/store_format/order_counts.hpp"

namespace stockroom::store_format {

std::map<std::int64_t, domain::OrderTotals> count_new_orders(const domain::Snapshot& snapshot) {
    std::map<std::int64_t, domain::OrderTotals> counts;
    for (const auto* order : snapshot.changed_orders()) {
        const auto& [state, stored, changed] = *order;
        if (stored) continue;
        auto& count = counts[minute_of(state.created_at)];
        if (state.state == domain::OrderState::rejected) {
            ++count.rejected;
            continue;
        }
        ++count.processed;
        for (const auto& line : state.lines)
            count.units = count.units.plus(base::Total(line.quantity));
        count.execution_price =
            count.execution_price.plus(base::Total(state.execution_price.minor()));
    }
    return counts;
}

}  // namespace stockroom::store_format
