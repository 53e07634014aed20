#include "stockroom/contract/events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using ::testing::HasSubstr;

CloudEvent sample(std::int64_t position = 42) {
    return {.position = position,
            .type = "order.reserved",
            .key = "order/01938a1e-4c00-7000-8000-000000000001",
            .version = 3,
            .command = testing::uuid("01938a1e-4c00-7000-8000-0000000000aa"),
            .actor = "user:1",
            .at = testing::time(1'700'000'000),
            .data = R"({"state":"reserved","lines":[{"quantity":2},[],{}],"price":"5.00"})"};
}

domain::Event event_of(domain::EventType type, decltype(domain::Event::state) state) {
    return {.type = type,
            .state = std::move(state),
            .command = testing::uuid(),
            .actor = "user:1",
            .at = testing::time(1)};
}

constexpr std::string_view kText =
    R"({"specversion":"1.0","id":"42","source":"/stockroom","type":"order.reserved",)"
    R"("subject":"order/01938a1e-4c00-7000-8000-000000000001",)"
    R"("time":"2023-11-14T22:13:20.123456Z","sequence":"0000000000000000042","stateversion":3,)"
    R"("command":"01938a1e-4c00-7000-8000-0000000000aa","actor":"user:1",)"
    R"("datacontenttype":"application/json",)"
    R"("data":{"state":"reserved","lines":[{"quantity":2},[],{}],"price":"5.00"}})";

std::string array_of(std::string_view event) {
    return "[" + std::string(event) + "]";
}

/// The sample's text with one piece of it replaced; the piece must be there.
std::string altered(std::string_view piece, std::string_view by) {
    std::string text(kText);
    const auto at = text.find(piece);
    EXPECT_NE(at, std::string::npos) << piece;
    if (at != std::string::npos) text.replace(at, piece.size(), by);
    return array_of(text);
}

TEST(Events, AreCloudEvents) {
    EXPECT_EQ(encode_event(sample()), kText);
}

TEST(Events, RoundTrip) {
    std::vector<CloudEvent> events{sample(1), sample(2), sample(INT64_MAX)};
    events[1].command.reset();
    events[1].key = "item/\"a/b\"";
    events[1].version = domain::kMaxQuantity;
    events[1].data = R"({"name":"\"é\\\n\u0001","big":123456789012345678901234567890,"e":1E+400})";
    events[2].data = "null";
    const auto read = decode_events(encode_events(events));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, events);
}

TEST(Events, RoundTripForEveryTypeOfState) {
    const auto id = testing::uuid();
    const domain::Movement movement{.sku = testing::sku("IB1"),
                                    .location = testing::location("main"),
                                    .kind = domain::MovementKind::receipt,
                                    .quantity = 5,
                                    .reason = "delivery",
                                    .reference = "D-17",
                                    .order = id,
                                    .command = id,
                                    .actor = "user:1",
                                    .at = testing::time(1)};
    const std::vector<domain::Event> facts{
        event_of(domain::EventType::item_created, testing::sample_item()),
        event_of(domain::EventType::location_created, testing::sample_location()),
        event_of(domain::EventType::stock_received, movement),
        event_of(domain::EventType::level_changed, testing::sample_level()),
        event_of(domain::EventType::record_inserted, testing::sample_record()),
        event_of(domain::EventType::order_reserved, testing::sample_order()),
    };
    for (const auto& fact : facts) {
        CloudEvent event = sample();
        event.type = to_string(fact.type);
        event.data = encode_event_data(fact);
        const auto read = decode_events(array_of(encode_event(event)));
        ASSERT_TRUE(read) << read.error();
        EXPECT_THAT(*read, ::testing::ElementsAre(event));
    }
}

TEST(Events, MayBeNone) {
    EXPECT_EQ(encode_events({}), "[]");
    const auto read = decode_events(" [ ] ");
    ASSERT_TRUE(read) << read.error();
    EXPECT_TRUE(read->empty());
}

TEST(Events, SequenceSortsAsTheLogDoes) {
    const auto sequence = [](std::int64_t position) {
        const auto text = encode_event(sample(position));
        return text.substr(text.find("\"sequence\":\""), 31);
    };
    EXPECT_LT(sequence(9), sequence(10));
    EXPECT_LT(sequence(99'999'999), sequence(100'000'000));
    EXPECT_LT(sequence(10), sequence(INT64_MAX));
}

TEST(Events, MembersThatAreNotKnownArePassedOver) {
    const auto read = decode_events(
        altered("\"actor\"", R"("new":{"data":[1,{"id":2}],"id":3},"newer":null,"x":"","actor")"));
    ASSERT_TRUE(read) << read.error();
    EXPECT_THAT(*read, ::testing::ElementsAre(sample()));
}

TEST(Events, DataLosesItsSpacesOnly) {
    auto expected = sample();
    expected.data = R"({"a":[1.50,true,{"b":"c d"}],"n":-0})";
    const std::string data = sample().data;
    const auto read =
        decode_events(altered(data, " { \"a\" : [1.50 , true,\n{\"b\":\"c\\u0020d\"}], \"n\":-0}"));
    ASSERT_TRUE(read) << read.error();
    EXPECT_THAT(*read, ::testing::ElementsAre(expected));
}

TEST(Events, EachThatIsWrongIsRefused) {
    struct Row {
        std::string text;
        std::string_view error;
    };
    const std::vector<Row> rows{
        {"", "too early"},
        {"[", "too early"},
        {"[]x", "line 1"},
        {"{}", "must be an array of events"},
        {"7", "must be an array of events"},
        {"[7]", "event 0: must be an object"},
        {"[[]]", "event 0: must be an object"},
        {"[null]", "event 0: must be an object"},
        {"[{}]", "event 0: has no specversion"},
        {"[" + std::string(kText) + ",{}]", "event 1: has no specversion"},
        {altered("\"1.0\"", "\"0.3\""), "specversion cannot be that"},
        {altered("\"1.0\"", "1.0"), "specversion cannot be that"},
        {altered("\"42\"", "\"\""), "id cannot be that"},
        {altered("\"42\"", "42"), "id cannot be that"},
        {altered("\"/stockroom\"", "\"\""), "source cannot be that"},
        {altered("\"order.reserved\"", "\"\""), "type cannot be that"},
        {altered("\"order.reserved\"", "{}"), "type cannot be that"},
        {altered("\"order.reserved\"", "[]"), "type cannot be that"},
        {altered("\"order/01938a1e-4c00-7000-8000-000000000001\"", "null"), "subject cannot be"},
        {altered("\"2023-11-14T22:13:20.123456Z\"", "\"today\""), "time cannot be that"},
        {altered("\"0000000000000000042\"", "\"-1\""), "sequence cannot be that"},
        {altered("\"0000000000000000042\"", "\"4x\""), "sequence cannot be that"},
        {altered("\"0000000000000000042\"", "\"9223372036854775808\""), "sequence cannot be that"},
        {altered("\"0000000000000000042\"", "42"), "sequence cannot be that"},
        {altered("\"stateversion\":3", "\"stateversion\":0"), "stateversion cannot be that"},
        {altered("\"stateversion\":3", "\"stateversion\":\"3\""), "stateversion cannot be that"},
        {altered("\"stateversion\":3", "\"stateversion\":3.0"), "stateversion cannot be that"},
        {altered("\"01938a1e-4c00-7000-8000-0000000000aa\"", "\"x\""), "command cannot be that"},
        {altered("\"user:1\"", "true"), "actor cannot be that"},
        {altered("\"application/json\"", "\"text/xml\""), "datacontenttype cannot be that"},
        {altered("\"actor\":\"user:1\"", R"("actor":"a","actor":"b")"), "has actor twice"},
        {altered("\"id\"", "\"di\""), "event 0: has no id"},
        {altered("\"subject\"", "\"s\""), "event 0: has no subject"},
        {altered("\"stateversion\"", "\"s\""), "event 0: has no stateversion"},
        {altered("\"actor\"", "\"s\""), "event 0: has no actor"},
        {altered("\"data\"", "\"s\""), "event 0: has no data"},
        {altered("\"5.00\"", "5.00.0"), "line 1"},
        {altered("\"5.00\"", "\"\xff\""), "line 1"},
    };
    for (const auto& row : rows) {
        const auto read = decode_events(row.text);
        ASSERT_FALSE(read) << row.text;
        EXPECT_THAT(read.error(), HasSubstr(row.error)) << row.text;
    }
}

TEST(Heartbeat, SaysAPositionAndNoMore) {
    const auto heartbeat = make_heartbeat(7, testing::time(1'700'000'000));
    const std::string text = encode_event(heartbeat);
    EXPECT_EQ(text, R"({"specversion":"1.0","id":"2023-11-14T22:13:20.123456Z",)"
                    R"("source":"/stockroom","type":"relay.heartbeat",)"
                    R"("time":"2023-11-14T22:13:20.123456Z","sequence":"0000000000000000007"})");
    const auto read = decode_events(array_of(text));
    ASSERT_TRUE(read) << read.error();
    EXPECT_THAT(*read, ::testing::ElementsAre(heartbeat));
}

TEST(Heartbeat, OfALogWithoutAnythingIsAtZero) {
    const auto heartbeat = make_heartbeat(0, testing::time(1));
    const auto read = decode_events(array_of(encode_event(heartbeat)));
    ASSERT_TRUE(read) << read.error();
    EXPECT_THAT(*read, ::testing::ElementsAre(heartbeat));
}

}  // namespace
}  // namespace stockroom::contract
