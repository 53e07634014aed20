#include "stockroom/contract/names.hpp"

#include <type_traits>
#include <utility>
#include <variant>

#include "stockroom/base/check.hpp"

namespace stockroom::contract {

namespace {

using namespace domain;

// One switch per enum, without default, so that the compiler finds an enumerator without a name.
// A number that is no enumerator has the empty name.
#define NAMED(enumerator) \
    case enumerator:      \
        return #enumerator

constexpr std::string_view name_of(CommandKind kind) {
    using enum CommandKind;
    switch (kind) {
        NAMED(create_item);
        NAMED(change_item);
        NAMED(retire_item);
        NAMED(create_location);
        NAMED(receive_stock);
        NAMED(adjust_stock);
        NAMED(place_order);
        NAMED(confirm_order);
        NAMED(fulfil_order);
        NAMED(cancel_order);
        NAMED(close_order);
        NAMED(return_goods);
        NAMED(expire_order);
        NAMED(insert_record);
        NAMED(delete_record);
        NAMED(replay_dead_letter);
        NAMED(discard_dead_letter);
        NAMED(put_item);
        NAMED(ping);
    }
    return {};
}

constexpr std::string_view name_of(OrderState state) {
    using enum OrderState;
    switch (state) {
        NAMED(reserved);
        NAMED(confirmed);
        NAMED(partially_fulfilled);
        NAMED(fulfilled);
        NAMED(rejected);
        NAMED(expired);
        NAMED(cancelled);
    }
    return {};
}

constexpr std::string_view name_of(HoldState state) {
    using enum HoldState;
    switch (state) {
        NAMED(pending);
        NAMED(committed);
        NAMED(expired);
        NAMED(ended);
    }
    return {};
}

constexpr std::string_view name_of(DeadLetterState state) {
    using enum DeadLetterState;
    switch (state) {
        NAMED(waiting);
        NAMED(replaying);
        NAMED(replayed);
        NAMED(discarded);
    }
    return {};
}

constexpr std::string_view name_of(MovementKind kind) {
    using enum MovementKind;
    switch (kind) {
        NAMED(opening);
        NAMED(receipt);
        NAMED(adjustment);
        NAMED(shipment);
        NAMED(customer_return);
        NAMED(retirement);
    }
    return {};
}

constexpr std::string_view name_of(EventType type) {
    switch (type) {
        case EventType::item_created:
            return "item.created";
        case EventType::item_changed:
            return "item.changed";
        case EventType::item_retired:
            return "item.retired";
        case EventType::item_revived:
            return "item.revived";
        case EventType::location_created:
            return "location.created";
        case EventType::stock_received:
            return "stock.received";
        case EventType::stock_adjusted:
            return "stock.adjusted";
        case EventType::order_reserved:
            return "order.reserved";
        case EventType::order_confirmed:
            return "order.confirmed";
        case EventType::order_partially_fulfilled:
            return "order.partially_fulfilled";
        case EventType::order_fulfilled:
            return "order.fulfilled";
        case EventType::order_rejected:
            return "order.rejected";
        case EventType::order_expired:
            return "order.expired";
        case EventType::order_cancelled:
            return "order.cancelled";
        case EventType::order_returned:
            return "order.returned";
        case EventType::record_inserted:
            return "record.inserted";
        case EventType::record_replaced:
            return "record.replaced";
        case EventType::record_deleted:
            return "record.deleted";
        case EventType::level_changed:
            return "level.changed";
        case EventType::dead_letter_waiting:
            return "dead_letter.waiting";
        case EventType::dead_letter_replaying:
            return "dead_letter.replaying";
        case EventType::dead_letter_replayed:
            return "dead_letter.replayed";
        case EventType::dead_letter_discarded:
            return "dead_letter.discarded";
        case EventType::health_changed:
            return "health.changed";
    }
    return {};
}

constexpr std::string_view name_of(CommandRefusal code) {
    using enum CommandRefusal;
    switch (code) {
        NAMED(idempotency_key_reused);
        NAMED(invalid);
    }
    return {};
}

constexpr std::string_view name_of(CreateItemOutcome code) {
    using enum CreateItemOutcome;
    switch (code) {
        NAMED(already_exists);
        NAMED(unknown_location);
        NAMED(created);
    }
    return {};
}

constexpr std::string_view name_of(ChangeItemOutcome code) {
    using enum ChangeItemOutcome;
    switch (code) {
        NAMED(item_not_found);
        NAMED(version_mismatch);
        NAMED(changed);
    }
    return {};
}

constexpr std::string_view name_of(RetireItemOutcome code) {
    using enum RetireItemOutcome;
    switch (code) {
        NAMED(item_not_found);
        NAMED(version_mismatch);
        NAMED(has_open_holds);
        NAMED(retired);
    }
    return {};
}

constexpr std::string_view name_of(CreateLocationOutcome code) {
    using enum CreateLocationOutcome;
    switch (code) {
        NAMED(already_exists);
        NAMED(too_many_locations);
        NAMED(created);
    }
    return {};
}

constexpr std::string_view name_of(ReceiveStockOutcome code) {
    using enum ReceiveStockOutcome;
    switch (code) {
        NAMED(unknown_sku);
        NAMED(unknown_location);
        NAMED(level_too_large);
        NAMED(received);
    }
    return {};
}

constexpr std::string_view name_of(AdjustStockOutcome code) {
    using enum AdjustStockOutcome;
    switch (code) {
        NAMED(unknown_sku);
        NAMED(unknown_location);
        NAMED(insufficient_stock);
        NAMED(level_too_large);
        NAMED(adjusted);
    }
    return {};
}

constexpr std::string_view name_of(PlaceOrderOutcome code) {
    using enum PlaceOrderOutcome;
    switch (code) {
        NAMED(unknown_sku);
        NAMED(quantity_too_large);
        NAMED(amount_too_large);
        NAMED(rejected);
        NAMED(reserved);
        NAMED(confirmed);
        NAMED(fulfilled);
    }
    return {};
}

constexpr std::string_view name_of(ConfirmOrderOutcome code) {
    using enum ConfirmOrderOutcome;
    switch (code) {
        NAMED(order_not_found);
        NAMED(version_mismatch);
        NAMED(wrong_state);
        NAMED(confirmed);
    }
    return {};
}

constexpr std::string_view name_of(FulfilOrderOutcome code) {
    using enum FulfilOrderOutcome;
    switch (code) {
        NAMED(order_not_found);
        NAMED(version_mismatch);
        NAMED(wrong_state);
        NAMED(not_in_order);
        NAMED(exceeds_held);
        NAMED(partially_fulfilled);
        NAMED(fulfilled);
    }
    return {};
}

constexpr std::string_view name_of(CancelOrderOutcome code) {
    using enum CancelOrderOutcome;
    switch (code) {
        NAMED(order_not_found);
        NAMED(version_mismatch);
        NAMED(wrong_state);
        NAMED(cancelled);
    }
    return {};
}

constexpr std::string_view name_of(CloseOrderOutcome code) {
    using enum CloseOrderOutcome;
    switch (code) {
        NAMED(order_not_found);
        NAMED(version_mismatch);
        NAMED(wrong_state);
        NAMED(closed);
    }
    return {};
}

constexpr std::string_view name_of(ReturnGoodsOutcome code) {
    using enum ReturnGoodsOutcome;
    switch (code) {
        NAMED(order_not_found);
        NAMED(version_mismatch);
        NAMED(wrong_state);
        NAMED(unknown_location);
        NAMED(not_in_order);
        NAMED(exceeds_shipped);
        NAMED(item_retired);
        NAMED(level_too_large);
        NAMED(returned);
    }
    return {};
}

constexpr std::string_view name_of(ExpireOrderOutcome code) {
    using enum ExpireOrderOutcome;
    switch (code) {
        NAMED(order_not_found);
        NAMED(wrong_state);
        NAMED(not_due);
        NAMED(expired);
    }
    return {};
}

constexpr std::string_view name_of(InsertRecordOutcome code) {
    using enum InsertRecordOutcome;
    switch (code) {
        NAMED(inserted);
        NAMED(replaced);
    }
    return {};
}

constexpr std::string_view name_of(ReplayDeadLetterOutcome code) {
    using enum ReplayDeadLetterOutcome;
    switch (code) {
        NAMED(dead_letter_not_found);
        NAMED(wrong_state);
        NAMED(queue_unknown);
        NAMED(replaying);
    }
    return {};
}

constexpr std::string_view name_of(DeleteRecordOutcome code) {
    using enum DeleteRecordOutcome;
    switch (code) {
        NAMED(record_not_found);
        NAMED(deleted);
    }
    return {};
}

constexpr std::string_view name_of(DiscardDeadLetterOutcome code) {
    using enum DiscardDeadLetterOutcome;
    switch (code) {
        NAMED(dead_letter_not_found);
        NAMED(wrong_state);
        NAMED(discarded);
    }
    return {};
}

constexpr std::string_view name_of(PutItemOutcome code) {
    using enum PutItemOutcome;
    switch (code) {
        NAMED(insufficient_stock);
        NAMED(created);
        NAMED(changed);
    }
    return {};
}

constexpr std::string_view name_of(PingOutcome code) {
    using enum PingOutcome;
    switch (code) { NAMED(answered); }
    return {};
}

#undef NAMED

template <typename Enum>
std::string_view checked_name_of(Enum value) {
    const std::string_view name = name_of(value);
    CHECK(!name.empty(), "an enumerator has a name");
    return name;
}

/// Enumerators count from 0 without a gap, so the first without a name is past the last.
template <typename Enum>
std::optional<Enum> parse(std::string_view text) {
    static_assert(std::is_same_v<std::underlying_type_t<Enum>, int>);
    for (int number = 0;; ++number) {
        const auto value = static_cast<Enum>(number);
        const std::string_view name = name_of(value);
        if (name.empty()) return std::nullopt;
        if (name == text) return value;
    }
}

/// The alternatives of OutcomeCode, found by number.
template <std::size_t... Index>
std::optional<OutcomeCode> parse_alternative(std::size_t wanted, std::string_view text,
                                             std::index_sequence<Index...>) {
    std::optional<OutcomeCode> found;
    const auto try_one = [&]<std::size_t I>() {
        if (I != wanted) return;
        if (const auto code = parse<std::variant_alternative_t<I, OutcomeCode>>(text))
            found = *code;
    };
    (try_one.template operator()<Index>(), ...);
    return found;
}

}  // namespace

std::string_view queue_of(CommandKind kind) {
    using enum CommandKind;
    switch (kind) {
        case create_item:
        case change_item:
        case retire_item:
        case put_item:
            return kCatalogueQueue;
        case create_location:
        case receive_stock:
        case adjust_stock:
            return kStockQueue;
        case place_order:
        case confirm_order:
        case fulfil_order:
        case cancel_order:
        case close_order:
        case return_goods:
        case expire_order:
            return kOrdersQueue;
        case insert_record:
        case delete_record:
            return kRecordsQueue;
        case replay_dead_letter:
        case discard_dead_letter:
        case ping:
            return kHealthQueue;
    }
    CHECK(false, "every kind has a queue");
}

bool is_for(CommandKind kind, std::string_view queue) {
    return kind == CommandKind::ping || queue_of(kind) == queue;
}

std::string_view to_string(CommandKind kind) {
    return checked_name_of(kind);
}

std::string_view to_string(OrderState state) {
    return checked_name_of(state);
}

std::string_view to_string(HoldState state) {
    return checked_name_of(state);
}

std::string_view to_string(DeadLetterState state) {
    return checked_name_of(state);
}

std::string_view to_string(MovementKind kind) {
    return checked_name_of(kind);
}

std::string_view to_string(EventType type) {
    return checked_name_of(type);
}

std::string_view to_string(const OutcomeCode& code) {
    return std::visit([](auto value) { return checked_name_of(value); }, code);
}

std::optional<CommandKind> parse_command_kind(std::string_view text) {
    return parse<CommandKind>(text);
}

std::optional<OrderState> parse_order_state(std::string_view text) {
    return parse<OrderState>(text);
}

std::optional<HoldState> parse_hold_state(std::string_view text) {
    return parse<HoldState>(text);
}

std::optional<DeadLetterState> parse_dead_letter_state(std::string_view text) {
    return parse<DeadLetterState>(text);
}

std::optional<EventType> parse_event_type(std::string_view text) {
    return parse<EventType>(text);
}

std::optional<OutcomeCode> parse_outcome_code(CommandKind kind, std::string_view text) {
    if (const auto refusal = parse<CommandRefusal>(text)) return *refusal;
    constexpr auto kAlternatives = std::variant_size_v<OutcomeCode>;
    return parse_alternative(static_cast<std::size_t>(kind) + 1, text,
                             std::make_index_sequence<kAlternatives>());
}

}  // namespace stockroom::contract
