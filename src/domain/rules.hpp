#pragma once

#include <string>
#include <utility>

#include "draft.hpp"

namespace stockroom::domain {

// The rules, one for each command. Each writes what changes into the draft.

[[nodiscard]] Outcome decide(Draft& draft, const CreateItem& wish);
[[nodiscard]] Outcome decide(Draft& draft, const ChangeItem& wish);
[[nodiscard]] Outcome decide(Draft& draft, const RetireItem& wish);
[[nodiscard]] Outcome decide(Draft& draft, const CreateLocation& wish);
[[nodiscard]] Outcome decide(Draft& draft, const ReceiveStock& wish);
[[nodiscard]] Outcome decide(Draft& draft, const AdjustStock& wish);
[[nodiscard]] Outcome decide(Draft& draft, const PlaceOrder& wish);
[[nodiscard]] Outcome decide(Draft& draft, const ConfirmOrder& wish);
[[nodiscard]] Outcome decide(Draft& draft, const FulfilOrder& wish);
[[nodiscard]] Outcome decide(Draft& draft, const CancelOrder& wish);
[[nodiscard]] Outcome decide(Draft& draft, const CloseOrder& wish);
[[nodiscard]] Outcome decide(Draft& draft, const ReturnGoods& wish);
[[nodiscard]] Outcome decide(Draft& draft, const ExpireOrder& wish);
[[nodiscard]] Outcome decide(Draft& draft, const InsertRecord& wish);
[[nodiscard]] Outcome decide(Draft& draft, const DeleteRecord& wish);
[[nodiscard]] Outcome decide(Draft& draft, const ReplayDeadLetter& wish);
[[nodiscard]] Outcome decide(Draft& draft, const DiscardDeadLetter& wish);
[[nodiscard]] Outcome decide(Draft& draft, const PutItem& wish);
[[nodiscard]] Outcome decide(Draft& draft, const Ping& wish);

/// Expires what is due of the holds on a SKU, as the system. Returns whether there was any.
bool expire_due(Draft& draft, const Sku& sku);
/// Expires the order if its hold is due. Every command on an order asks this first.
bool expire_if_due(Draft& draft, const Uuid& order_id);

/// Ships from a hold line: what it held leaves the stock.
/// REQUIRES: quantity is at most line.held().
void ship(Draft& draft, const Uuid& order_id, HoldLine& line, Quantity quantity);

/// Empty when there is no such item, or when it is retired.
[[nodiscard]] const Item* find_live_item(const Draft& draft, const Sku& sku);

[[nodiscard]] inline Outcome outcome(OutcomeCode code, Result result = {}, std::string field = {}) {
    return Outcome{.code = code,
                   .field = std::move(field),
                   .result = std::move(result),
                   .shortages = {},
                   .detail = {}};
}

[[nodiscard]] inline Outcome refusal(OutcomeCode code, std::string field) {
    return outcome(code, {}, std::move(field));
}

}  // namespace stockroom::domain
