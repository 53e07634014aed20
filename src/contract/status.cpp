#include "stockroom/contract/status.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "stockroom/contract/names.hpp"

namespace stockroom::contract {

namespace {

using namespace domain;

/// How one code is told. A code that several kinds share has one rule.
struct Rule {
    int status;
    std::string_view title;
    std::string (*tell)(const Outcome& outcome);
};

std::string tell_nothing(const Outcome&) {
    return {};
}

constexpr Rule kDone{200, {}, tell_nothing};
constexpr Rule kCreated{201, {}, tell_nothing};

/// The field at fault, for a sentence to start with.
std::string place_of(const Outcome& outcome) {
    return outcome.field.empty() ? std::string("The body") : outcome.field;
}

constexpr Rule kIdempotencyKeyReused{422, "The idempotency key was used for something else",
                                     [](const Outcome&) {
                                         return std::string(
                                             "Another command was sent under this key before. Send "
                                             "this one under a key of its own.");
                                     }};

constexpr Rule kInvalid{422, "A field is invalid",
                        [](const Outcome& outcome) { return outcome.detail; }};

constexpr Rule kUnknownSku{422, "No such SKU", [](const Outcome& outcome) {
                               return fmt::format(
                                   "{} names no item. Create the item first, or check the SKU: "
                                   "upper and lower case differ.",
                                   place_of(outcome));
                           }};

constexpr Rule kUnknownLocation{422, "No such location", [](const Outcome& outcome) {
                                    return fmt::format(
                                        "{} names no location. Create it first, or see the list "
                                        "of locations.",
                                        place_of(outcome));
                                }};

constexpr Rule kNotInOrder{422, "Not in this order", [](const Outcome& outcome) {
                               return fmt::format(
                                   "{} names a SKU that is not in the order. Read the order for "
                                   "its lines.",
                                   place_of(outcome));
                           }};

constexpr Rule kQuantityTooLarge{422, "The quantity is too large", [](const Outcome& outcome) {
                                     return fmt::format(
                                         "At {} the order's quantity of this SKU passes {}. Order "
                                         "less.",
                                         place_of(outcome), kMaxQuantity);
                                 }};

constexpr Rule kAmountTooLarge{422, "The amount is too large", [](const Outcome& outcome) {
                                   return fmt::format(
                                       "At {} the order's price passes 92233720368547758.07. "
                                       "Order less.",
                                       place_of(outcome));
                               }};

constexpr Rule kItemNotFound{
    404, "No such item", [](const Outcome&) {
        return std::string("There is no item with this SKU. Upper and lower case differ.");
    }};

constexpr Rule kOrderNotFound{404, "No such order", [](const Outcome&) {
                                  return std::string("There is no order with this id.");
                              }};

constexpr Rule kRecordNotFound{
    404, "No such record", [](const Outcome&) {
        return std::string("There is no record with this SRN. Upper and lower case differ.");
    }};

std::string tell_version_mismatch(const Outcome& outcome) {
    Version version = 0;
    if (const auto* item = std::get_if<ItemView>(&outcome.result)) version = item->item.version;
    if (const auto* order = std::get_if<OrderView>(&outcome.result)) version = order->order.version;
    constexpr std::string_view kAdvice = "Read it again, and repeat the edit if it is still right.";
    if (version == 0) return fmt::format("The version is another one by now. {}", kAdvice);
    return fmt::format("The version is {} by now. {}", version, kAdvice);
}
constexpr Rule kVersionMismatch{412, "It has changed meanwhile", tell_version_mismatch};

std::string tell_already_exists(const Outcome& outcome) {
    if (const auto* item = std::get_if<ItemView>(&outcome.result)) {
        return fmt::format(
            "There is an item with the SKU \"{}\" already. Change that one, or take "
            "another SKU.",
            item->item.sku.text());
    }
    if (const auto* location = std::get_if<Location>(&outcome.result)) {
        return fmt::format("There is a location with the code \"{}\" already. Take another code.",
                           location->code.text());
    }
    return "It exists already. Take another name.";
}
constexpr Rule kAlreadyExists{409, "It exists already", tell_already_exists};

std::string tell_has_open_holds(const Outcome& outcome) {
    const auto* item = std::get_if<ItemView>(&outcome.result);
    if (item == nullptr)
        return "Orders still hold stock of this item. Fulfil, cancel or close them first.";
    return fmt::format("Orders still hold {} of \"{}\". Fulfil, cancel or close them first.",
                       item->held, item->item.sku.text());
}
constexpr Rule kHasOpenHolds{409, "Orders still hold it", tell_has_open_holds};

constexpr Rule kTooManyLocations{409, "There are too many locations", [](const Outcome&) {
                                     return fmt::format("There may be {} locations at most.",
                                                        kMaxLocations);
                                 }};

constexpr Rule kLevelTooLarge{
    409, "The stock would be too large", [](const Outcome&) {
        return fmt::format("There may be {} of an item at most, over all locations. Bring in less.",
                           kMaxQuantity);
    }};

std::string tell_insufficient_stock(const Outcome& outcome) {
    if (const auto* item = std::get_if<ItemView>(&outcome.result)) {
        return fmt::format(
            "Of \"{}\" {} are on hand and {} held. Less can be left only where nothing is held, "
            "and "
            "at \"main\".",
            item->item.sku.text(), item->on_hand, item->held);
    }
    const auto* level = std::get_if<Level>(&outcome.result);
    if (level == nullptr) return "That would leave less on hand than is held.";
    return fmt::format(
        "Only {} of \"{}\" at \"{}\" can be taken away: {} on hand, {} of them held.",
        level->available(), level->sku.text(), level->location.text(), level->on_hand, level->held);
}
constexpr Rule kInsufficientStock{409, "Not enough free stock", tell_insufficient_stock};

std::string tell_rejected(const Outcome& outcome) {
    if (outcome.shortages.empty()) return "There is too little stock. Nothing is held.";
    const Shortage& first = outcome.shortages.front();
    std::string detail = fmt::format("Of \"{}\" {} are wanted and {} are available",
                                     first.sku.text(), first.wanted, first.available);
    if (outcome.shortages.size() > 1) {
        detail += fmt::format("; {} more of the ordered SKUs are short too",
                              outcome.shortages.size() - 1);
    }
    return detail + ". Nothing is held. Order what is available, or again once stock has come in.";
}
constexpr Rule kRejected{409, "Short of stock", tell_rejected};

std::string tell_wrong_state(const Outcome& outcome) {
    if (const auto* letter = std::get_if<DeadLetter>(&outcome.result))
        return fmt::format("The dead letter is {}, and that does not allow this.",
                           to_string(letter->state));
    const auto* view = std::get_if<OrderView>(&outcome.result);
    if (view == nullptr) return "Its state does not allow this.";
    return fmt::format("The order is {}, and that does not allow this.",
                       to_string(view->order.state));
}
constexpr Rule kWrongState{409, "Its state does not allow this", tell_wrong_state};

constexpr Rule kDeadLetterNotFound{404, "No such dead letter", [](const Outcome&) {
                                       return std::string("There is no dead letter with this id.");
                                   }};

constexpr Rule kQueueUnknown{
    409, "Nobody knows where it came from", [](const Outcome&) {
        return std::string(
            "The letter does not say which queue it came from, so it cannot be sent there again. "
            "Send it by hand, or discard it.");
    }};

constexpr Rule kExceedsHeld{409, "More than is still to be fulfilled", [](const Outcome& outcome) {
                                return fmt::format(
                                    "{} is more than the order still holds. Read the order's "
                                    "allocations for what is left.",
                                    place_of(outcome));
                            }};

constexpr Rule kExceedsShipped{409, "More than was shipped", [](const Outcome& outcome) {
                                   return fmt::format(
                                       "{} is more than was shipped and is not yet back. Read the "
                                       "order's lines for what is left.",
                                       place_of(outcome));
                               }};

constexpr Rule kItemRetired{409, "The item is retired", [](const Outcome& outcome) {
                                return fmt::format(
                                    "{} names an item that is retired. Create it again, then "
                                    "return the goods.",
                                    place_of(outcome));
                            }};

constexpr Rule kNotDue{409, "Not due yet",
                       [](const Outcome&) { return std::string("The order's time is not over."); }};

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
