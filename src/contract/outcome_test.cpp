#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using namespace domain;
using ::testing::HasSubstr;

void expect_round_trip(CommandKind kind, const Outcome& outcome) {
    const std::string text = encode_outcome(testing::uuid(), kind, outcome);
    const auto read = decode_outcome(text);
    ASSERT_TRUE(read) << text << ": " << read.error();
    EXPECT_EQ(read->id, testing::uuid());
    EXPECT_EQ(read->kind, kind);
    EXPECT_EQ(read->outcome, outcome) << text;
    EXPECT_EQ(encode_outcome(read->id, read->kind, read->outcome), text);
}

TEST(Outcome, RoundTripsForEveryKindAndCode) {
    for (const auto kind : testing::kAllKinds) {
        for (const auto& code : testing::codes_of(kind)) {
            expect_round_trip(kind, testing::outcome(code));
            expect_round_trip(kind, testing::outcome(code, testing::sample_result(kind)));
            expect_round_trip(kind, testing::outcome(code, {}, "lines[3].\"sku\"\n",
                                                     {{testing::sku("A"), 5, 2},
                                                      {testing::sku("B \"x\""), kMaxQuantity, 0}},
                                                     "must be é"));
        }
    }
}

TEST(Outcome, RoundTripsEveryShapeOfAnOrder) {
    const auto expect_kept = [](const OrderView& view) {
        expect_round_trip(CommandKind::place_order,
                          testing::outcome(PlaceOrderOutcome::reserved, view));
    };
    OrderView order = testing::sample_order();
    using enum OrderState;
    for (const auto state :
         {reserved, confirmed, partially_fulfilled, fulfilled, rejected, expired, cancelled}) {
        order.order.state = state;
        expect_kept(order);
    }
    for (const auto state :
         {HoldState::pending, HoldState::committed, HoldState::expired, HoldState::ended}) {
        order.hold->state = state;
        expect_kept(order);
    }
    order.hold->expires_at.reset();
    order.order.customer = "";
    order.order.reference = "";
    expect_kept(order);
    order.order.execution_price = base::Money::from_minor(std::numeric_limits<std::int64_t>::max());
    order.order.lines[0].quantity = kMaxQuantity;
    expect_kept(order);
    order.hold.reset();
    expect_kept(order);
}

TEST(Outcome, RoundTripsARetiredItem) {
    ItemView item = testing::sample_item();
    item.item.retired = true;
    expect_round_trip(CommandKind::retire_item, testing::outcome(RetireItemOutcome::retired, item));
}

TEST(Outcome, RoundTripsADeletedRecord) {
    Record record = testing::sample_record();
    record.name.clear();
    record.section.clear();
    record.deleted = true;
    expect_round_trip(CommandKind::delete_record,
                      testing::outcome(DeleteRecordOutcome::deleted, record));
}

TEST(Outcome, IsWrittenAsClientsSeeIt) {
    EXPECT_EQ(encode_outcome(testing::uuid(), CommandKind::place_order,
                             testing::outcome(PlaceOrderOutcome::rejected, {}, {},
                                              {{testing::sku("IB1"), 60, 48}})),
              R"({"id":"01938a1e-4c00-7000-8000-000000000001","kind":"place_order",)"
              R"("code":"rejected","shortages":[{"sku":"IB1","wanted":60,"available":48}]})");
    EXPECT_EQ(encode_outcome(
                  testing::uuid(), CommandKind::create_item,
                  testing::outcome(CommandRefusal::invalid, {}, "price", {}, "must be an amount")),
              R"({"id":"01938a1e-4c00-7000-8000-000000000001","kind":"create_item",)"
              R"("code":"invalid","field":"price","detail":"must be an amount"})");
}

TEST(DecodeOutcome, PassesOverWhatItDoesNotKnow) {
    const auto outcome = testing::outcome(PlaceOrderOutcome::reserved, testing::sample_order());
    std::string text = encode_outcome(testing::uuid(), CommandKind::place_order, outcome);
    for (std::size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at + 1))
        text.insert(at + 1, R"("later":[1,2],)");
    const auto read = decode_outcome(text);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->outcome, outcome);
}

TEST(DecodeOutcomes, ReadsOneOrAnArrayAndEachByItself) {
    const auto outcome = testing::outcome(PlaceOrderOutcome::reserved, testing::sample_order());
    const auto text = encode_outcome(testing::uuid(), CommandKind::place_order, outcome);
    const auto alone = decode_outcomes(text);
    ASSERT_EQ(alone.size(), 1U);
    EXPECT_EQ(alone[0].value().outcome, outcome);

    const auto several = decode_outcomes("[" + text + ",{}," + text + "]");
    ASSERT_EQ(several.size(), 3U);
    EXPECT_EQ(several[0].value().outcome, outcome);
    EXPECT_EQ(several[1].error(), "id is required");
    EXPECT_EQ(several[2].value().id, testing::uuid());

    ASSERT_EQ(decode_outcomes("[").size(), 1U);
    EXPECT_FALSE(decode_outcomes("[")[0].has_value());
    EXPECT_TRUE(decode_outcomes("[]").empty());
}

TEST(DecodeOutcome, SaysWhatIsWrong) {
    const std::string id = R"({"id":"01938a1e-4c00-7000-8000-000000000001")";
    const std::pair<std::string, std::string_view> cases[] = {
        {"", "line 1, column 1"},
        {"[]", "must be an object"},
        {"{}", "id is required"},
        {id + "}", "kind is required"},
        {id + R"(,"kind":"sing"})", "kind must be a kind that is known"},
        {id + R"(,"kind":"create_item"})", "code is required"},
        {id + R"(,"kind":"create_item","code":"changed"})", "code must be a code of this kind"},
        {id + R"(,"kind":"create_item","code":"created","result":{}})", "result.sku is required"},
        {id + R"(,"kind":"create_item","code":"created","result":5})", "result must be an object"},
        {id + R"(,"kind":"place_order","code":"rejected","shortages":[{"sku":"A"}]})",
         "shortages[0].wanted is required"},
    };
    for (const auto& [text, error] : cases) {
        const auto read = decode_outcome(text);
        ASSERT_FALSE(read) << text;
        EXPECT_THAT(read.error(), HasSubstr(error)) << text;
    }
    std::string text =
        encode_outcome(testing::uuid(), CommandKind::place_order,
                       testing::outcome(PlaceOrderOutcome::reserved, testing::sample_order()));
    text.replace(text.find(R"("posted":2)"), 10, R"("posted":x)");
    EXPECT_FALSE(decode_outcome(text));
    text.replace(text.find(R"("posted":x)"), 10, R"("posted":[])");
    EXPECT_THAT(decode_outcome(text).error(),
                HasSubstr("result.lines[1].allocations[0].posted must be a whole number"));
}

std::string written(const auto& state) {
    std::string out;
    JsonWriter json(out);
    write(json, state);
    return out;
}

TEST(Write, ShowsStatesAsTheContractSays) {
    EXPECT_EQ(
        written(testing::sample_item()),
        R"({"sku":"IB1","name":"Apple \"juice\"","label":"","price":"25.00",)"
        R"("reorder_point":10,"on_hand":50,"held":3,"available":47,"version":4,)"
        R"("created_at":"2023-11-14T22:13:20.123456Z","updated_at":"2023-11-14T22:14:20.123456Z"})");
    EXPECT_EQ(written(testing::sample_location()),
              R"({"code":"north","name":"North","priority":2,"version":1,)"
              R"("created_at":"2023-11-14T22:13:20.123456Z"})");
    EXPECT_EQ(written(testing::sample_level()),
              R"({"sku":"IB1","location":"main","on_hand":5,"held":3,"available":2,"version":12})");
    EXPECT_EQ(
        written(testing::sample_record()),
        R"({"srn":"PES 1/2","name":"Zoë","section":"A","version":2,)"
        R"("created_at":"2023-11-14T22:13:20.123456Z","updated_at":"2023-11-14T22:14:20.123456Z"})");
    auto deleted = testing::sample_record();
    deleted.deleted = true;
    EXPECT_THAT(written(deleted), HasSubstr(R"("section":"A","deleted":true,"version":2)"));
    EXPECT_EQ(
        written(testing::sample_order()),
        R"({"id":"01938a1e-4c00-7000-8000-000000000001","customer":"c-17","state":"reserved",)"
        R"("lines":[{"sku":"IB2","quantity":6,"unit_price":"1.50","returned":0,"allocations":)"
        R"([{"location":"south","quantity":5,"posted":0,"voided":0},)"
        R"({"location":"main","quantity":1,"posted":0,"voided":1}]},)"
        R"({"sku":"IB1","quantity":2,"unit_price":"25.00","returned":1,"allocations":)"
        R"([{"location":"main","quantity":2,"posted":2,"voided":0}]}],)"
        R"("execution_price":"59.00","reference":"web 1001","actor":"user:1",)"
        R"("expires_at":"2023-11-14T22:28:20.123456Z","hold":{"state":"pending","version":3},)"
        R"("version":2,"created_at":"2023-11-14T22:13:20.123456Z",)"
        R"("updated_at":"2023-11-14T22:14:20.123456Z"})");
    EXPECT_EQ(written(Hold{.id = testing::uuid(),
                           .state = HoldState::committed,
                           .order = testing::uuid(),
                           .expires_at = {},
                           .lines = {{testing::sku("A"), LocationCode::main(), 5, 1, 1}}}),
              R"({"id":"01938a1e-4c00-7000-8000-000000000001","state":"committed",)"
              R"("order":"01938a1e-4c00-7000-8000-000000000001","lines":[{"sku":"A",)"
              R"("location":"main","quantity":5,"posted":1,"voided":1,"held":3}],"version":1})");
}

TEST(Write, ShowsMovementsWithWhatIsThere) {
    Movement movement{.sku = testing::sku("A"),
                      .location = LocationCode::main(),
                      .kind = MovementKind::shipment,
                      .quantity = -2,
                      .reason = "",
                      .reference = "",
                      .order = {},
                      .command = testing::uuid(),
                      .actor = "user:1",
                      .at = testing::time(1'700'000'000)};
    EXPECT_EQ(written(movement),
              R"({"sku":"A","location":"main","kind":"shipment","quantity":-2,)"
              R"("command":"01938a1e-4c00-7000-8000-000000000001","actor":"user:1",)"
              R"("at":"2023-11-14T22:13:20.123456Z"})");
    movement.reason = "r";
    movement.reference = "d";
    movement.order = testing::uuid();
    EXPECT_THAT(written(movement), HasSubstr(R"("reason":"r","reference":"d","order":"01938a1e-)"));
}

TEST(EncodeEventData, IsTheState) {
    const Event event{.type = EventType::order_reserved,
                      .state = testing::sample_order(),
                      .command = testing::uuid(),
                      .actor = "user:1",
                      .at = {}};
    EXPECT_EQ(encode_event_data(event), written(testing::sample_order()));
}

}  // namespace
}  // namespace stockroom::contract
