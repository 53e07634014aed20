#include "stockroom/contract/status.hpp"

#include <utility>
#include <variant>

#include "status_rules.hpp"

namespace stockroom::contract {

namespace {

using namespace domain;
using namespace status_rules;

const Rule& rule_of(CommandRefusal code) {
    switch (code) {
        using enum CommandRefusal;
        case idempotency_key_reused:
            return kIdempotencyKeyReused;
        case invalid:
            return kInvalid;
    }
    std::unreachable();
}

const Rule& rule_of(CreateItemOutcome code) {
    switch (code) {
        using enum CreateItemOutcome;
        case already_exists:
            return kAlreadyExists;
        case unknown_location:
            return kUnknownLocation;
        case created:
            return kCreated;
    }
    std::unreachable();
}

const Rule& rule_of(ChangeItemOutcome code) {
    switch (code) {
        using enum ChangeItemOutcome;
        case item_not_found:
            return kItemNotFound;
        case version_mismatch:
            return kVersionMismatch;
        case changed:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(RetireItemOutcome code) {
    switch (code) {
        using enum RetireItemOutcome;
        case item_not_found:
            return kItemNotFound;
        case version_mismatch:
            return kVersionMismatch;
        case has_open_holds:
            return kHasOpenHolds;
        case retired:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(CreateLocationOutcome code) {
    switch (code) {
        using enum CreateLocationOutcome;
        case already_exists:
            return kAlreadyExists;
        case too_many_locations:
            return kTooManyLocations;
        case created:
            return kCreated;
    }
    std::unreachable();
}

const Rule& rule_of(ReceiveStockOutcome code) {
    switch (code) {
        using enum ReceiveStockOutcome;
        case unknown_sku:
            return kUnknownSku;
        case unknown_location:
            return kUnknownLocation;
        case level_too_large:
            return kLevelTooLarge;
        case received:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(AdjustStockOutcome code) {
    switch (code) {
        using enum AdjustStockOutcome;
        case unknown_sku:
            return kUnknownSku;
        case unknown_location:
            return kUnknownLocation;
        case insufficient_stock:
            return kInsufficientStock;
        case level_too_large:
            return kLevelTooLarge;
        case adjusted:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(PlaceOrderOutcome code) {
    switch (code) {
        using enum PlaceOrderOutcome;
        case unknown_sku:
            return kUnknownSku;
        case quantity_too_large:
            return kQuantityTooLarge;
        case amount_too_large:
            return kAmountTooLarge;
        case rejected:
            return kRejected;
        case reserved:
        case confirmed:
        case fulfilled:
            return kCreated;
    }
    std::unreachable();
}

const Rule& rule_of(ConfirmOrderOutcome code) {
    switch (code) {
        using enum ConfirmOrderOutcome;
        case order_not_found:
            return kOrderNotFound;
        case version_mismatch:
            return kVersionMismatch;
        case wrong_state:
            return kWrongState;
        case confirmed:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(FulfilOrderOutcome code) {
    switch (code) {
        using enum FulfilOrderOutcome;
        case order_not_found:
            return kOrderNotFound;
        case version_mismatch:
            return kVersionMismatch;
        case wrong_state:
            return kWrongState;
        case not_in_order:
            return kNotInOrder;
        case exceeds_held:
            return kExceedsHeld;
        case partially_fulfilled:
        case fulfilled:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(CancelOrderOutcome code) {
    switch (code) {
        using enum CancelOrderOutcome;
        case order_not_found:
            return kOrderNotFound;
        case version_mismatch:
            return kVersionMismatch;
        case wrong_state:
            return kWrongState;
        case cancelled:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(CloseOrderOutcome code) {
    switch (code) {
        using enum CloseOrderOutcome;
        case order_not_found:
            return kOrderNotFound;
        case version_mismatch:
            return kVersionMismatch;
        case wrong_state:
            return kWrongState;
        case closed:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(ReturnGoodsOutcome code) {
    switch (code) {
        using enum ReturnGoodsOutcome;
        case order_not_found:
            return kOrderNotFound;
        case version_mismatch:
            return kVersionMismatch;
        case wrong_state:
            return kWrongState;
        case unknown_location:
            return kUnknownLocation;
        case not_in_order:
            return kNotInOrder;
        case exceeds_shipped:
            return kExceedsShipped;
        case item_retired:
            return kItemRetired;
        case level_too_large:
            return kLevelTooLarge;
        case returned:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(ExpireOrderOutcome code) {
    switch (code) {
        using enum ExpireOrderOutcome;
        case order_not_found:
            return kOrderNotFound;
        case wrong_state:
            return kWrongState;
        case not_due:
            return kNotDue;
        case expired:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(InsertRecordOutcome code) {
    switch (code) {
        using enum InsertRecordOutcome;
        case inserted:
            return kCreated;
        case replaced:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(ReplayDeadLetterOutcome code) {
    switch (code) {
        using enum ReplayDeadLetterOutcome;
        case dead_letter_not_found:
            return kDeadLetterNotFound;
        case wrong_state:
            return kWrongState;
        case queue_unknown:
            return kQueueUnknown;
        case replaying:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(DeleteRecordOutcome code) {
    switch (code) {
        using enum DeleteRecordOutcome;
        case record_not_found:
            return kRecordNotFound;
        case deleted:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(DiscardDeadLetterOutcome code) {
    switch (code) {
        using enum DiscardDeadLetterOutcome;
        case dead_letter_not_found:
            return kDeadLetterNotFound;
        case wrong_state:
            return kWrongState;
        case discarded:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(PutItemOutcome code) {
    switch (code) {
        using enum PutItemOutcome;
        case insufficient_stock:
            return kInsufficientStock;
        case created:
            return kCreated;
        case changed:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(PingOutcome code) {
    switch (code) {
        case PingOutcome::answered:
            return kDone;
    }
    std::unreachable();
}

const Rule& rule_of(const OutcomeCode& code) {
    return std::visit([](auto value) -> const Rule& { return rule_of(value); }, code);
}

}  // namespace

HttpAnswer http_answer(CommandKind, const Outcome& outcome) {
    const Rule& rule = rule_of(outcome.code);
    return {rule.status, rule.title, rule.tell(outcome)};
}

bool is_done(const OutcomeCode& code) {
    return rule_of(code).status < 300;
}

}  // namespace stockroom::contract
