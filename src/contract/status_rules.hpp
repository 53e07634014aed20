#pragma once

#include <string>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "stockroom/contract/names.hpp"
#include "stockroom/domain/outcome.hpp"

// How outcomes are told by HTTP: status, title and a sentence for people.
namespace stockroom::contract::status_rules {

using namespace domain;

/// How one code is told. A code that several kinds share has one rule.
struct Rule {
    int status;
    std::string_view title;
    std::string (*tell)(const Outcome& outcome);
};

inline std::string tell_nothing(const Outcome&) {
    return {};
}

inline constexpr Rule kDone{200, {}, tell_nothing};
inline constexpr Rule kCreated{201, {}, tell_nothing};

/// The field at fault, for a sentence to start with.
inline std::string place_of(const Outcome& outcome) {
    return outcome.field.empty() ? std::string("The body") : outcome.field;
}

inline constexpr Rule kIdempotencyKeyReused{
    422, "The idempotency key was used for something else", [](const Outcome&) {
        return std::string(
            "Another command was sent under this key before. Send "
            "this one under a key of its own.");
    }};

inline constexpr Rule kInvalid{422, "A field is invalid",
                               [](const Outcome& outcome) { return outcome.detail; }};

inline constexpr Rule kUnknownSku{
    422, "No such SKU", [](const Outcome& outcome) {
        return fmt::format(
            "{} names no item. Create the item first, or check the SKU: "
            "upper and lower case differ.",
            place_of(outcome));
    }};

inline constexpr Rule kUnknownLocation{
    422, "No such location", [](const Outcome& outcome) {
        return fmt::format(
            "{} names no location. Create it first, or see the list "
            "of locations.",
            place_of(outcome));
    }};

inline constexpr Rule kNotInOrder{
    422, "Not in this order", [](const Outcome& outcome) {
        return fmt::format(
            "{} names a SKU that is not in the order. Read the order for "
            "its lines.",
            place_of(outcome));
    }};

inline constexpr Rule kQuantityTooLarge{
    422, "The quantity is too large", [](const Outcome& outcome) {
        return fmt::format(
            "At {} the order's quantity of this SKU passes {}. Order "
            "less.",
            place_of(outcome), kMaxQuantity);
    }};

inline constexpr Rule kAmountTooLarge{
    422, "The amount is too large", [](const Outcome& outcome) {
        return fmt::format(
            "At {} the order's price passes 92233720368547758.07. "
            "Order less.",
            place_of(outcome));
    }};

inline constexpr Rule kItemNotFound{
    404, "No such item", [](const Outcome&) {
        return std::string("There is no item with this SKU. Upper and lower case differ.");
    }};

inline constexpr Rule kOrderNotFound{404, "No such order", [](const Outcome&) {
                                         return std::string("There is no order with this id.");
                                     }};

inline constexpr Rule kRecordNotFound{
    404, "No such record", [](const Outcome&) {
        return std::string("There is no record with this SRN. Upper and lower case differ.");
    }};

inline std::string tell_version_mismatch(const Outcome& outcome) {
    Version version = 0;
    if (const auto* item = std::get_if<ItemView>(&outcome.result)) version = item->item.version;
    if (const auto* order = std::get_if<OrderView>(&outcome.result)) version = order->order.version;
    constexpr std::string_view kAdvice = "Read it again, and repeat the edit if it is still right.";
    if (version == 0) return fmt::format("The version is another one by now. {}", kAdvice);
    return fmt::format("The version is {} by now. {}", version, kAdvice);
}
inline constexpr Rule kVersionMismatch{412, "It has changed meanwhile", tell_version_mismatch};

inline std::string tell_already_exists(const Outcome& outcome) {
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
inline constexpr Rule kAlreadyExists{409, "It exists already", tell_already_exists};

inline std::string tell_has_open_holds(const Outcome& outcome) {
    const auto* item = std::get_if<ItemView>(&outcome.result);
    if (item == nullptr)
        return "Orders still hold stock of this item. Fulfil, cancel or close them first.";
    return fmt::format("Orders still hold {} of \"{}\". Fulfil, cancel or close them first.",
                       item->held, item->item.sku.text());
}
inline constexpr Rule kHasOpenHolds{409, "Orders still hold it", tell_has_open_holds};

inline constexpr Rule kTooManyLocations{409, "There are too many locations", [](const Outcome&) {
                                            return fmt::format("There may be {} locations at most.",
                                                               kMaxLocations);
                                        }};

inline constexpr Rule kLevelTooLarge{
    409, "The stock would be too large", [](const Outcome&) {
        return fmt::format("There may be {} of an item at most, over all locations. Bring in less.",
                           kMaxQuantity);
    }};

inline std::string tell_insufficient_stock(const Outcome& outcome) {
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
inline constexpr Rule kInsufficientStock{409, "Not enough free stock", tell_insufficient_stock};

inline std::string tell_rejected(const Outcome& outcome) {
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
inline constexpr Rule kRejected{409, "Short of stock", tell_rejected};

inline std::string tell_wrong_state(const Outcome& outcome) {
    if (const auto* letter = std::get_if<DeadLetter>(&outcome.result))
        return fmt::format("The dead letter is {}, and that does not allow this.",
                           to_string(letter->state));
    const auto* view = std::get_if<OrderView>(&outcome.result);
    if (view == nullptr) return "Its state does not allow this.";
    return fmt::format("The order is {}, and that does not allow this.",
                       to_string(view->order.state));
}
inline constexpr Rule kWrongState{409, "Its state does not allow this", tell_wrong_state};

inline constexpr Rule kDeadLetterNotFound{
    404, "No such dead letter",
    [](const Outcome&) { return std::string("There is no dead letter with this id."); }};

inline constexpr Rule kQueueUnknown{
    409, "Nobody knows where it came from", [](const Outcome&) {
        return std::string(
            "The letter does not say which queue it came from, so it cannot be sent there again. "
            "Send it by hand, or discard it.");
    }};

inline constexpr Rule kExceedsHeld{
    409, "More than is still to be fulfilled", [](const Outcome& outcome) {
        return fmt::format(
            "{} is more than the order still holds. Read the order's "
            "allocations for what is left.",
            place_of(outcome));
    }};

inline constexpr Rule kExceedsShipped{
    409, "More than was shipped", [](const Outcome& outcome) {
        return fmt::format(
            "{} is more than was shipped and is not yet back. Read the "
            "order's lines for what is left.",
            place_of(outcome));
    }};

inline constexpr Rule kItemRetired{
    409, "The item is retired", [](const Outcome& outcome) {
        return fmt::format(
            "{} names an item that is retired. Create it again, then "
            "return the goods.",
            place_of(outcome));
    }};

inline constexpr Rule kNotDue{409, "Not due yet", [](const Outcome&) {
                                  return std::string("The order's time is not over.");
                              }};

}  // namespace stockroom::contract::status_rules
