#pragma once

#include <cstdint>

#include "stockroom/base/total.hpp"

namespace stockroom::domain {

/// What has been ordered. An order counts as processed when it was placed, whatever became of it
/// later: cancelled, expired and returned ones stay in. Only a rejected one, which never held
/// anything, is not processed.
struct OrderTotals {
    std::int64_t processed = 0;
    std::int64_t rejected = 0;
    base::Total units;            // of the processed ones' lines
    base::Total execution_price;  // of the processed ones, minor units

    [[nodiscard]] OrderTotals plus(const OrderTotals& other) const {
        return {.processed = processed + other.processed,
                .rejected = rejected + other.rejected,
                .units = units.plus(other.units),
                .execution_price = execution_price.plus(other.execution_price)};
    }
    [[nodiscard]] OrderTotals minus(const OrderTotals& other) const {
        return {.processed = processed - other.processed,
                .rejected = rejected - other.rejected,
                .units = units.minus(other.units),
                .execution_price = execution_price.minus(other.execution_price)};
    }
    /// Minor units, halves up; 0 when nothing was processed.
    [[nodiscard]] base::Total average_execution_price() const {
        return processed > 0 ? execution_price.divided_by(processed) : base::Total();
    }
    friend bool operator==(const OrderTotals&, const OrderTotals&) = default;
};

}  // namespace stockroom::domain
