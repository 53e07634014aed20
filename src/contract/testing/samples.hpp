#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"

namespace stockroom::contract::testing {

using domain::CommandKind;

inline constexpr std::array kAllKinds{
    CommandKind::create_item,
    CommandKind::change_item,
    CommandKind::retire_item,
    CommandKind::create_location,
    CommandKind::receive_stock,
    CommandKind::adjust_stock,
    CommandKind::place_order,
    CommandKind::confirm_order,
    CommandKind::fulfil_order,
    CommandKind::cancel_order,
    CommandKind::close_order,
    CommandKind::return_goods,
    CommandKind::expire_order,
    CommandKind::insert_record,
    CommandKind::delete_record,
    CommandKind::replay_dead_letter,
    CommandKind::discard_dead_letter,
    CommandKind::put_item,
    CommandKind::ping,
};
static_assert(kAllKinds.size() == std::variant_size_v<domain::CommandBody>);

/// A body with every field that the kind has, in its canonical text.
inline std::string_view full_body(CommandKind kind) {
    switch (kind) {
        using enum CommandKind;
        case create_item:
            return R"({"sku":"IB1","name":"Apple juice, 1 l","label":"juice","price":"25.00","reorder_point":10,"opening":[{"location":"main","quantity":50},{"location":"north","quantity":7}]})";
        case change_item:
            return R"({"sku":"a/b c","name":"","label":"é","price":"0.00","reorder_point":0,"expected_version":3})";
        case retire_item:
            return R"({"sku":"IB1","expected_version":9007199254740991})";
        case create_location:
            return R"({"code":"north","name":"North","priority":2})";
        case receive_stock:
            return R"({"sku":"IB1","location":"north","quantity":9007199254740991,"reason":"delivery","reference":"D-17"})";
        case adjust_stock:
            return R"({"sku":"IB1","location":"north","quantity":-5,"reason":"broken","reference":"B-1"})";
        case place_order:
            return R"({"customer":"c-17","lines":[{"sku":"IB1","quantity":2},{"sku":"IB2","quantity":3},{"sku":"IB1","quantity":1}],"confirm":true,"fulfil":true,"reference":"web 1001","expires_in":60})";
        case confirm_order:
        case close_order:
            return R"({"order":"01938a1e-4c00-7000-8000-000000000001","expected_version":1})";
        case fulfil_order:
            return R"({"order":"01938a1e-4c00-7000-8000-000000000001","lines":[{"sku":"IB1","quantity":2}],"expected_version":2})";
        case cancel_order:
            return R"({"order":"01938a1e-4c00-7000-8000-000000000001","reason":"changed their mind","expected_version":2})";
        case return_goods:
            return R"({"order":"01938a1e-4c00-7000-8000-000000000001","lines":[{"sku":"IB1","quantity":2}],"location":"north","reason":"too sweet","expected_version":2})";
        case expire_order:
            return R"({"order":"01938a1e-4c00-7000-8000-000000000001"})";
        case insert_record:
            return R"({"srn":"PES 1/2","name":"Zoë","section":"A"})";
        case delete_record:
            return R"({"srn":"PES 1/2"})";
        case replay_dead_letter:
        case discard_dead_letter:
            return R"({"id":"01938a1e-4c00-7000-8000-000000000001","reason":"the bug is mended"})";
        case put_item:
            return R"({"sku":"IB1","name":"Apple juice, 1 l","label":"juice","price":"25.00","quantity":50})";
        case ping:
            return "{}";
    }
    return {};
}

/// {"id":…,"kind":KIND,"actor":…,"at":…,"body":BODY}
inline std::string command_text(CommandKind kind, std::string_view body) {
    return R"({"id":"01938a1e-4c00-7000-8000-0000000000aa","kind":")" +
           std::string(to_string(kind)) +
           R"(","actor":"user:1","at":"2026-11-21T10:00:00.000000Z","body":)" + std::string(body) +
           "}";
}

/// Every code that a command of this kind can have, in the enums' order, refusals of all first.
inline std::vector<domain::OutcomeCode> codes_of(CommandKind kind) {
    std::vector<domain::OutcomeCode> codes{domain::CommandRefusal::idempotency_key_reused,
                                           domain::CommandRefusal::invalid};
    // Enumerators count from 0, so the names of the last tell where each enum ends.
    const auto add_all = [&codes](auto last) {
        using Code = decltype(last);
        for (int number = 0; number <= static_cast<int>(last); ++number)
            codes.emplace_back(static_cast<Code>(number));
    };
    switch (kind) {
        using enum CommandKind;
        case create_item:
            add_all(domain::CreateItemOutcome::created);
            break;
        case change_item:
            add_all(domain::ChangeItemOutcome::changed);
            break;
        case retire_item:
            add_all(domain::RetireItemOutcome::retired);
            break;
        case create_location:
            add_all(domain::CreateLocationOutcome::created);
            break;
        case receive_stock:
            add_all(domain::ReceiveStockOutcome::received);
            break;
        case adjust_stock:
            add_all(domain::AdjustStockOutcome::adjusted);
            break;
        case place_order:
            add_all(domain::PlaceOrderOutcome::fulfilled);
            break;
        case confirm_order:
            add_all(domain::ConfirmOrderOutcome::confirmed);
            break;
        case fulfil_order:
            add_all(domain::FulfilOrderOutcome::fulfilled);
            break;
        case cancel_order:
            add_all(domain::CancelOrderOutcome::cancelled);
            break;
        case close_order:
            add_all(domain::CloseOrderOutcome::closed);
            break;
        case return_goods:
            add_all(domain::ReturnGoodsOutcome::returned);
            break;
        case expire_order:
            add_all(domain::ExpireOrderOutcome::expired);
            break;
        case insert_record:
            add_all(domain::InsertRecordOutcome::replaced);
            break;
        case delete_record:
            add_all(domain::DeleteRecordOutcome::deleted);
            break;
        case replay_dead_letter:
            add_all(domain::ReplayDeadLetterOutcome::replaying);
            break;
        case discard_dead_letter:
            add_all(domain::DiscardDeadLetterOutcome::discarded);
            break;
        case put_item:
            add_all(domain::PutItemOutcome::changed);
            break;
        case ping:
            add_all(domain::PingOutcome::answered);
            break;
    }
    return codes;
}

inline domain::Sku sku(std::string_view text) {
    return domain::Sku::parse(text).value();
}
inline domain::LocationCode location(std::string_view text) {
    return domain::LocationCode::parse(text).value();
}
inline base::Uuid uuid(std::string_view text = "01938a1e-4c00-7000-8000-000000000001") {
    return base::Uuid::parse(text).value();
}
inline base::Time time(std::int64_t seconds) {
    return base::Time::from_microseconds(seconds * 1'000'000 + 123'456);
}

inline domain::Outcome outcome(domain::OutcomeCode code, domain::Result result = {},
                               std::string field = {}, std::vector<domain::Shortage> shortages = {},
                               std::string detail = {}) {
    return {.code = code,
            .field = std::move(field),
            .result = std::move(result),
            .shortages = std::move(shortages),
            .detail = std::move(detail)};
}

inline domain::ItemView sample_item() {
    return {.item = {.sku = sku("IB1"),
                     .name = "Apple \"juice\"",
                     .label = "",
                     .price = base::Money::from_minor(2500),
                     .reorder_point = 10,
                     .retired = false,
                     .version = 4,
                     .created_at = time(1'700'000'000),
                     .updated_at = time(1'700'000'060)},
            .on_hand = 50,
            .held = 3};
}

inline domain::Location sample_location() {
    return {.code = location("north"),
            .name = "North",
            .priority = 2,
            .version = 1,
            .created_at = time(1'700'000'000)};
}

inline domain::Level sample_level() {
    return {
        .sku = sku("IB1"), .location = location("main"), .on_hand = 5, .held = 3, .version = 12};
}

inline domain::Record sample_record() {
    return {.srn = domain::Srn::parse("PES 1/2").value(),
            .name = "Zoë",
            .section = "A",
            .deleted = false,
            .version = 2,
            .created_at = time(1'700'000'000),
            .updated_at = time(1'700'000'060)};
}

inline domain::OrderView sample_order() {
    const auto id = uuid();
    domain::Order order{
        .id = id,
        .customer = "c-17",
        .state = domain::OrderState::reserved,
        .lines = {{.sku = sku("IB2"), .quantity = 6, .unit_price = base::Money::from_minor(150)},
                  {.sku = sku("IB1"),
                   .quantity = 2,
                   .unit_price = base::Money::from_minor(2500),
                   .returned = 1}},
        .execution_price = base::Money::from_minor(5900),
        .reference = "web 1001",
        .actor = "user:1",
        .version = 2,
        .created_at = time(1'700'000'000),
        .updated_at = time(1'700'000'060)};
    domain::Hold hold{
        .id = id,
        .state = domain::HoldState::pending,
        .order = id,
        .expires_at = time(1'700'000'900),
        .lines = {{.sku = sku("IB2"), .location = location("south"), .quantity = 5},
                  {.sku = sku("IB2"),
                   .location = location("main"),
                   .quantity = 1,
                   .posted = 0,
                   .voided = 1},
                  {.sku = sku("IB1"), .location = location("main"), .quantity = 2, .posted = 2}},
        .version = 3};
    return {std::move(order), std::move(hold)};
}

inline domain::DeadLetter sample_dead_letter() {
    return {
        .id = uuid(),
        .queue = "stockroom.orders",
        .kind = "place_order",
        .reason = "it broke",
        .state = domain::DeadLetterState::replaying,
        .count = 2,
        .redeliveries = 1,
        .size = 120,
        .first_at = time(1'700'000'000),
        .last_at = time(1'700'000'060),
        .decision = domain::DeadLetterDecision{"user:1", "the bug is mended", time(1'700'000'090)},
        .version = 5};
}

/// A result of the type that outcomes of this kind have.
inline domain::Result sample_result(CommandKind kind) {
    switch (kind) {
        using enum CommandKind;
        case create_item:
        case change_item:
        case retire_item:
        case put_item:
            return sample_item();
        case create_location:
            return sample_location();
        case receive_stock:
        case adjust_stock:
            return sample_level();
        case place_order:
        case confirm_order:
        case fulfil_order:
        case cancel_order:
        case close_order:
        case return_goods:
        case expire_order:
            return sample_order();
        case insert_record:
        case delete_record:
            return sample_record();
        case replay_dead_letter:
        case discard_dead_letter:
            return sample_dead_letter();
        case ping:
            return {};
    }
    return {};
}

}  // namespace stockroom::contract::testing
