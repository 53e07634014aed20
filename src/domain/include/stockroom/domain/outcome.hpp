#pragma once

#include <string>
#include <variant>
#include <vector>

#include "stockroom/domain/command.hpp"
#include "stockroom/domain/dead_letter.hpp"

namespace stockroom::domain {

/// The one answer to a command. In each enum the enumerators that refuse stand in their order of
/// precedence, top to bottom: where several apply, the first is the outcome. The field that a
/// refusal is about stands beside it.

/// Decided before the rules are asked.
enum class CommandRefusal {
    idempotency_key_reused,  // the id has an outcome for another kind or body
    invalid,                 // the body cannot be understood; `field` names the place
};

enum class CreateItemOutcome {
    already_exists,    // sku
    unknown_location,  // opening[i].location
    created,           // new, or a retired SKU revived
};

enum class ChangeItemOutcome {
    item_not_found,
    version_mismatch,
    changed,  // also when all was so already: then the version stays
};

enum class RetireItemOutcome {
    item_not_found,
    version_mismatch,
    has_open_holds,
    retired,
};

enum class CreateLocationOutcome {
    already_exists,      // code
    too_many_locations,  // there are kMaxLocations
    created,
};

enum class ReceiveStockOutcome {
    unknown_sku,       // sku
    unknown_location,  // location
    level_too_large,   // quantity: on hand, over all locations, would pass kMaxQuantity
    received,
};

enum class AdjustStockOutcome {
    unknown_sku,         // sku
    unknown_location,    // location
    insufficient_stock,  // quantity: on hand would fall below what is held
    level_too_large,     // quantity
    adjusted,
};

enum class PlaceOrderOutcome {
    unknown_sku,         // lines[i].sku
    quantity_too_large,  // lines[i].quantity: summed per SKU past kMaxQuantity
    amount_too_large,    // lines[i]: quantity × price, or their sum, past 64 bits
    rejected,            // short of stock: the order exists as rejected, `shortages` says of what
    reserved,
    confirmed,
    fulfilled,
};

enum class ConfirmOrderOutcome { order_not_found, version_mismatch, wrong_state, confirmed };

enum class FulfilOrderOutcome {
    order_not_found,
    version_mismatch,
    wrong_state,
    not_in_order,  // lines[i].sku
    exceeds_held,  // lines[i].quantity: more than is still to be fulfilled
    partially_fulfilled,
    fulfilled,
};

enum class CancelOrderOutcome { order_not_found, version_mismatch, wrong_state, cancelled };

enum class CloseOrderOutcome { order_not_found, version_mismatch, wrong_state, closed };

enum class ReturnGoodsOutcome {
    order_not_found,
    version_mismatch,
    wrong_state,
    unknown_location,  // location
    not_in_order,      // lines[i].sku
    exceeds_shipped,   // lines[i].quantity: more than was shipped and is not yet back
    item_retired,      // lines[i].sku
    level_too_large,   // lines[i].quantity
    returned,
};

enum class ExpireOrderOutcome { order_not_found, wrong_state, not_due, expired };

enum class InsertRecordOutcome {
    inserted,  // new, or a deleted one anew
    replaced,  // also when all was so already: then the version stays
};

enum class DeleteRecordOutcome { record_not_found, deleted };

enum class ReplayDeadLetterOutcome {
    dead_letter_not_found,
    wrong_state,
    queue_unknown,  // where it came from
    replaying,      // it will be sent
};

enum class DiscardDeadLetterOutcome { dead_letter_not_found, wrong_state, discarded };

enum class PutItemOutcome {
    insufficient_stock,  // quantity: on hand at main would fall below what is held there
    created,             // new, or a retired SKU revived
    changed,             // also when all was so already: then the version stays
};

enum class PingOutcome { answered };

/// The alternatives after the first are in the order of CommandKind.
using OutcomeCode =
    std::variant<CommandRefusal, CreateItemOutcome, ChangeItemOutcome, RetireItemOutcome,
                 CreateLocationOutcome, ReceiveStockOutcome, AdjustStockOutcome, PlaceOrderOutcome,
                 ConfirmOrderOutcome, FulfilOrderOutcome, CancelOrderOutcome, CloseOrderOutcome,
                 ReturnGoodsOutcome, ExpireOrderOutcome, InsertRecordOutcome, DeleteRecordOutcome,
                 ReplayDeadLetterOutcome, DiscardDeadLetterOutcome, PutItemOutcome, PingOutcome>;

/// What the stock lacks for one SKU of an order.
struct Shortage {
    Sku sku;
    Quantity wanted = 0;
    Quantity available = 0;
    friend bool operator==(const Shortage&, const Shortage&) = default;
};

/// The new state that a command made, or the present one where the refusal is about it
/// (wrong_state, not_due, version_mismatch, insufficient_stock, already_exists, has_open_holds,
/// queue_unknown).
using Result =
    std::variant<std::monostate, ItemView, Location, Level, OrderView, Record, DeadLetter>;

struct Outcome {
    OutcomeCode code;
    std::string field;  // the body's field that a refusal is about, as JSON path; else empty
    Result result;
    std::vector<Shortage> shortages;  // one per short SKU, in line order; for PlaceOrder::rejected
    std::string detail;               // for CommandRefusal::invalid: what is wrong
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

}  // namespace stockroom::domain
