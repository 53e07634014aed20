#include "stockroom/contract/status.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using namespace domain;
using enum CommandKind;
using ::testing::HasSubstr;

/// DESIGN, HTTP: the status of each code, whatever the kind; what was made is 201.
int status_of(CommandKind kind, std::string_view code) {
    static const std::map<std::string_view, int> refusals = {
        {"idempotency_key_reused", 422},
        {"invalid", 422},
        {"already_exists", 409},
        {"unknown_location", 422},
        {"item_not_found", 404},
        {"version_mismatch", 412},
        {"has_open_holds", 409},
        {"too_many_locations", 409},
        {"unknown_sku", 422},
        {"level_too_large", 409},
        {"insufficient_stock", 409},
        {"quantity_too_large", 422},
        {"amount_too_large", 422},
        {"rejected", 409},
        {"order_not_found", 404},
        {"wrong_state", 409},
        {"not_in_order", 422},
        {"exceeds_held", 409},
        {"exceeds_shipped", 409},
        {"item_retired", 409},
        {"not_due", 409},
        {"record_not_found", 404},
        {"dead_letter_not_found", 404},
        {"queue_unknown", 409},
    };
    const auto refusal = refusals.find(code);
    if (refusal != refusals.end()) return refusal->second;
    const bool is_made = kind == create_item || kind == create_location || kind == place_order ||
                         code == "created" || code == "inserted";
    return is_made ? 201 : 200;
}

TEST(HttpAnswer, HasTheStatusOfTheTableForEveryCode) {
    std::map<std::string_view, std::string_view> titles;
    for (const auto kind : testing::kAllKinds) {
        for (const auto& code : testing::codes_of(kind)) {
            const auto name = to_string(code);
            const auto answer = http_answer(kind, testing::outcome(code, {}, {}, {}, "why"));
            EXPECT_EQ(answer.status, status_of(kind, name)) << to_string(kind) << " " << name;
            EXPECT_EQ(is_done(code), answer.status < 300) << to_string(kind) << " " << name;
            EXPECT_EQ(answer.title.empty(), is_done(code)) << name;
            EXPECT_EQ(answer.detail.empty(), is_done(code)) << name;
            EXPECT_EQ(titles.emplace(name, answer.title).first->second, answer.title) << name;
        }
    }
}

TEST(HttpAnswer, TellsWhatHappenedAndWhatToDo) {
    const auto detail = [](CommandKind kind, const Outcome& outcome) {
        return http_answer(kind, outcome).detail;
    };
    EXPECT_EQ(detail(place_order, testing::outcome(PlaceOrderOutcome::rejected, {}, {},
                                                   {{testing::sku("IB1"), 60, 48}})),
              "Of \"IB1\" 60 are wanted and 48 are available. Nothing is held. Order what is "
              "available, or again once stock has come in.");
    EXPECT_THAT(detail(place_order, testing::outcome(PlaceOrderOutcome::rejected, {}, {},
                                                     {{testing::sku("IB1"), 60, 48},
                                                      {testing::sku("IB2"), 1, 0},
                                                      {testing::sku("IB3"), 1, 0}})),
                HasSubstr("48 are available; 2 more of the ordered SKUs are short too. Nothing"));
    EXPECT_EQ(detail(adjust_stock, testing::outcome(AdjustStockOutcome::insufficient_stock,
                                                    testing::sample_level())),
              "Only 2 of \"IB1\" at \"main\" can be taken away: 5 on hand, 3 of them held.");
    EXPECT_THAT(detail(put_item, testing::outcome(PutItemOutcome::insufficient_stock,
                                                  testing::sample_item())),
                HasSubstr("Of \"IB1\" 50 are on hand and 3 held."));
    EXPECT_THAT(detail(receive_stock, testing::outcome(ReceiveStockOutcome::level_too_large)),
                HasSubstr("9007199254740991 of an item at most, over all locations"));
    EXPECT_THAT(detail(change_item, testing::outcome(ChangeItemOutcome::version_mismatch,
                                                     testing::sample_item())),
                HasSubstr("The version is 4 by now."));
    EXPECT_THAT(detail(close_order, testing::outcome(CloseOrderOutcome::version_mismatch,
                                                     testing::sample_order())),
                HasSubstr("The version is 2 by now."));
    EXPECT_THAT(detail(create_item,
                       testing::outcome(CreateItemOutcome::already_exists, testing::sample_item())),
                HasSubstr("an item with the SKU \"IB1\""));
    EXPECT_THAT(detail(create_location, testing::outcome(CreateLocationOutcome::already_exists,
                                                         testing::sample_location())),
                HasSubstr("a location with the code \"north\""));
    EXPECT_THAT(detail(retire_item,
                       testing::outcome(RetireItemOutcome::has_open_holds, testing::sample_item())),
                HasSubstr("still hold 3 of \"IB1\""));
    EXPECT_THAT(detail(cancel_order,
                       testing::outcome(CancelOrderOutcome::wrong_state, testing::sample_order())),
                HasSubstr("The order is reserved"));
    EXPECT_THAT(detail(replay_dead_letter, testing::outcome(ReplayDeadLetterOutcome::wrong_state,
                                                            testing::sample_dead_letter())),
                HasSubstr("The dead letter is replaying"));
    EXPECT_THAT(
        detail(place_order, testing::outcome(PlaceOrderOutcome::unknown_sku, {}, "lines[3].sku")),
        HasSubstr("lines[3].sku names no item."));
    EXPECT_THAT(detail(fulfil_order,
                       testing::outcome(FulfilOrderOutcome::exceeds_held, {}, "lines[0].quantity")),
                HasSubstr("lines[0].quantity is more than the order still holds."));
    EXPECT_EQ(
        detail(create_item, testing::outcome(CommandRefusal::invalid, {}, {}, {}, "must be so")),
        "must be so");
}

}  // namespace
}  // namespace stockroom::contract
