#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using namespace domain;
using enum CommandKind;

constexpr std::string_view kOrderId = R"("order":"01938a1e-4c00-7000-8000-000000000001")";

JsonValue json(std::string_view text) {
    auto value = read_json(text);
    EXPECT_TRUE(value) << text << ": " << value.error().detail;
    return std::move(value).value_or(JsonValue());
}

std::expected<CommandBody, Invalid> decoded(CommandKind kind, std::string_view text) {
    return decode_body(kind, json(text));
}

/// The canonical text, or the problem.
std::string canonical(CommandKind kind, std::string_view text) {
    const auto body = decoded(kind, text);
    if (!body) return "refused: " + body.error().field + ": " + body.error().detail;
    EXPECT_EQ(static_cast<CommandKind>(body->index()), kind);
    return encode_body(*body);
}

TEST(DecodeBody, ReadsEveryFieldOfEveryKind) {
    for (const auto kind : testing::kAllKinds)
        EXPECT_EQ(canonical(kind, testing::full_body(kind)), testing::full_body(kind));
}

TEST(DecodeBody, FillsInDefaults) {
    const auto item = std::get<CreateItem>(*decoded(create_item, R"({"sku":"IB1"})"));
    EXPECT_EQ(item.name, "");
    EXPECT_EQ(item.label, "");
    EXPECT_EQ(item.price, Money());
    EXPECT_EQ(item.reorder_point, 0);
    EXPECT_TRUE(item.opening.empty());

    const auto change = std::get<ChangeItem>(*decoded(change_item, R"({"sku":"IB1"})"));
    EXPECT_FALSE(change.name || change.label || change.price || change.reorder_point ||
                 change.expected_version);

    const auto place = std::get<CreateLocation>(*decoded(create_location, R"({"code":"north"})"));
    EXPECT_EQ(place.name, "");
    EXPECT_EQ(place.priority, 100);

    const auto receipt =
        std::get<ReceiveStock>(*decoded(receive_stock, R"({"sku":"IB1","quantity":5})"));
    EXPECT_EQ(receipt.location, LocationCode::main());
    EXPECT_EQ(receipt.quantity, 5);
    EXPECT_EQ(receipt.reason + receipt.reference, "");

    const auto adjustment =
        std::get<AdjustStock>(*decoded(adjust_stock, R"({"sku":"IB1","quantity":-5})"));
    EXPECT_EQ(adjustment.location, LocationCode::main());
    EXPECT_EQ(adjustment.quantity, -5);

    const auto order =
        std::get<PlaceOrder>(*decoded(place_order, R"({"lines":[{"sku":"IB1","quantity":2}]})"));
    EXPECT_EQ(order.customer + order.reference, "");
    EXPECT_FALSE(order.confirm || order.fulfil);
    EXPECT_EQ(order.expires_in, kDefaultHoldTime);
    ASSERT_EQ(order.lines.size(), 1U);
    EXPECT_EQ(order.lines[0].sku.text(), "IB1");
    EXPECT_EQ(order.lines[0].quantity, 2);

    const std::string only_order = "{" + std::string(kOrderId) + "}";
    const auto fulfil = std::get<FulfilOrder>(*decoded(fulfil_order, only_order));
    EXPECT_TRUE(fulfil.lines.empty());
    EXPECT_EQ(fulfil.order, testing::uuid());
    EXPECT_FALSE(std::get<CloseOrder>(*decoded(close_order, only_order)).expected_version);

    const auto goods = std::get<ReturnGoods>(*decoded(
        return_goods, "{" + std::string(kOrderId) + R"(,"lines":[{"sku":"IB1","quantity":2}]})"));
    EXPECT_EQ(goods.location, LocationCode::main());
}

struct Spellings {
    CommandKind kind;
    std::string_view canonical;
    std::vector<std::string_view> others;
};

TEST(DecodeBody, GivesOneTextForAllSpellingsOfOneCommand) {
    const Spellings cases[] = {
        {create_item,
         R"({"sku":"IB1","price":"25.00"})",
         {R"({"price":25,"sku":"IB1"})", R"({"price":"25","sku":"\u0049B1"})",
          R"({"sku":"IB1","price":25.00,"name":"","label":"","reorder_point":0,"opening":[]})",
          R"( { "sku" : "IB1" , "price" : 25.0 } )", R"({"sku":"IB1","price":"025.0"})"}},
        {create_item,
         R"({"sku":"IB1"})",
         {R"({"sku":"IB1","price":0})", R"({"sku":"IB1","price":"0.00"})"}},
        {create_location, R"({"code":"north"})", {R"({"priority":100,"code":"north","name":""})"}},
        {receive_stock,
         R"({"sku":"IB1","quantity":5})",
         {R"({"quantity":5,"location":"main","sku":"IB1","reason":""})"}},
        {place_order,
         R"({"lines":[{"sku":"IB1","quantity":2}]})",
         {R"({"lines":[{"quantity":2,"sku":"IB1"}],"confirm":false,"fulfil":false})",
          R"({"expires_in":900,"customer":"","lines":[{"sku":"IB1","quantity":2}]})"}},
        {insert_record,
         R"({"srn":"R1","section":"B"})",
         {R"({"section":"B","name":"","srn":"R1"})"}},
        {cancel_order,
         R"({"order":"01938a1e-4c00-7000-8000-000000000001"})",
         {R"({"reason":"","order":"01938A1E-4C00-7000-8000-000000000001"})"}},
    };
    for (const auto& [kind, text, others] : cases) {
        EXPECT_EQ(canonical(kind, text), text);
        for (const auto other : others)
            EXPECT_EQ(canonical(kind, other), text) << other;
    }
}

TEST(DecodeBody, KeepsBodiesApartThatMeanSomethingElse) {
    EXPECT_NE(canonical(change_item, R"({"sku":"IB1","name":""})"),
              canonical(change_item, R"({"sku":"IB1"})"));
    EXPECT_NE(canonical(change_item, R"({"sku":"IB1","price":0})"),
              canonical(change_item, R"({"sku":"IB1"})"));
    EXPECT_NE(canonical(change_item, R"({"sku":"IB1","reorder_point":0})"),
              canonical(change_item, R"({"sku":"IB1"})"));
    EXPECT_NE(
        canonical(place_order, R"({"lines":[{"sku":"A","quantity":1},{"sku":"B","quantity":1}]})"),
        canonical(place_order, R"({"lines":[{"sku":"B","quantity":1},{"sku":"A","quantity":1}]})"));
}

// What each field takes and refuses. The bodies are whole but for the field, which follows.

struct Field {
    CommandKind kind;
    std::string_view rest;  // members that are right
    std::string_view name;
    std::string_view rule;  // that the refusal tells
    std::vector<std::string> good;
    std::vector<std::string> bad;
};

std::string quoted(std::size_t length, char c = 'x') {
    return '"' + std::string(length, c) + '"';
}

const std::vector<std::string> bad_units = {"-1",
                                            "1.5",
                                            "5.0",
                                            "1e2",
                                            "-0",
                                            "true",
                                            "null",
                                            "\"5\"",
                                            "[]",
                                            "9007199254740992",
                                            "1000000000000000000000000000000",
                                            "1e400"};

std::vector<std::string> with(std::vector<std::string> list, std::vector<std::string> more) {
    list.insert(list.end(), more.begin(), more.end());
    return list;
}

void check(const Field& field) {
    const auto body = [&field](const std::string& value) {
        std::string text = "{" + std::string(field.rest);
        if (!field.rest.empty()) text += ',';
        return text + '"' + std::string(field.name) + "\":" + value + "}";
    };
    for (const auto& value : field.good) {
        const auto result = decoded(field.kind, body(value));
        EXPECT_TRUE(result) << body(value) << ": " << result.error().detail;
    }
    for (const auto& value : field.bad) {
        const auto result = decoded(field.kind, body(value));
        ASSERT_FALSE(result) << body(value);
        EXPECT_EQ(result.error().field, field.name) << body(value);
        EXPECT_EQ(result.error().detail, field.rule) << body(value);
    }
}

constexpr std::string_view kSkuRule =
    "must be a text of 1 to 64 printable ASCII characters with no space at either end";
constexpr std::string_view kLocationRule = "must be a text of 1 to 32 of A-Z a-z 0-9 '-' '_' '.'";
constexpr std::string_view kWantedRule = "must be a whole number from 1 to 9007199254740991";
constexpr std::string_view kUnitsRule = "must be a whole number from 0 to 9007199254740991";
constexpr std::string_view kPriceRule =
    "must be an amount from 0.00 to 92233720368547758.07, with at most 2 decimals and no exponent";
constexpr std::string_view kUuidRule =
    "must be a UUID, such as \"01938a1e-4c00-7000-8000-000000000001\"";

const std::vector<std::string> bad_texts = {
    "5", "true", "null", "[]", R"("a\u0000b")", R"("\n")", R"("\u001f")", "\"\x7f\""};

TEST(DecodeBody, ChecksNames) {
    const std::vector<std::string> good = {"\"a\"", quoted(64), quoted(64, '~'), R"("a b")",
                                           R"("a/b")"};
    const std::vector<std::string> bad = {
        "\"\"",   quoted(65), R"("a\u0000b")", "\"é\"", "\" a\"",
        "\"a \"", "7",        "null",          "true",  R"("a\tb")"};
    for (const auto kind : {create_item, change_item, retire_item})
        check({kind, "", "sku", kSkuRule, good, bad});
    for (const auto kind : {insert_record, delete_record})
        check({kind, "", "srn", kSkuRule, good, bad});
    for (const auto kind : {receive_stock, adjust_stock})
        check({kind, R"("quantity":5)", "sku", kSkuRule, good, bad});

    const std::vector<std::string> good_codes = {"\"n\"", quoted(32), "\"A-z_0.9\""};
    const std::vector<std::string> bad_codes = {"\"\"",  quoted(33), "\"a b\"", "\"a/b\"",
                                                "\"é\"", "7",        "null"};
    check({create_location, "", "code", kLocationRule, good_codes, bad_codes});
    for (const auto kind : {receive_stock, adjust_stock})
        check({kind, R"("sku":"IB1","quantity":5)", "location", kLocationRule, good_codes,
               bad_codes});

    const std::vector<std::string> bad_ids = {"\"\"",
                                              "\"abc\"",
                                              "7",
                                              "null",
                                              "\"01938a1e4c0070008000000000000001\"",
                                              "\"01938a1e-4c00-7000-8000-00000000000g\"",
                                              "\"{1938a1e-4c00-7000-8000-00000000000}\""};
    for (const auto kind : {confirm_order, fulfil_order, cancel_order, close_order, expire_order}) {
        check({kind,
               "",
               "order",
               kUuidRule,
               {"\"01938a1e-4c00-7000-8000-000000000001\"",
                "\"01938A1E-4C00-4000-8000-00000000000F\""},
               bad_ids});
    }
}

TEST(DecodeBody, ChecksQuantities) {
    const std::vector<std::string> good = {"1", "9007199254740991"};
    check({receive_stock, R"("sku":"IB1")", "quantity", kWantedRule, good, with(bad_units, {"0"})});
    check({adjust_stock,
           R"("sku":"IB1")",
           "quantity",
           "must be a whole number from -9007199254740991 to 9007199254740991, and not 0",
           {"1", "-1", "9007199254740991", "-9007199254740991"},
           {"0", "-0", "1.5", "1e2", "true", "null", "\"5\"", "9007199254740992",
            "-9007199254740992", "-1000000000000000000000000000000"}});
    for (const auto kind : {create_item, change_item}) {
        check({kind,
               R"("sku":"IB1")",
               "reorder_point",
               kUnitsRule,
               {"0", "9007199254740991"},
               bad_units});
    }
    check({put_item,
           R"("sku":"IB1","price":1)",
           "quantity",
           kUnitsRule,
           {"0", "9007199254740991"},
           bad_units});
    check({create_location,
           R"("code":"n")",
           "priority",
           "must be a whole number from 0 to 1000000",
           {"0", "1000000"},
           with(bad_units, {"1000001"})});
    const std::string line = R"("lines":[{"sku":"IB1","quantity":2}])";
    check({place_order,
           line,
           "expires_in",
           "must be a whole number from 1 to 2592000",
           {"1", "2592000"},
           with(bad_units, {"0", "2592001"})});
    for (const auto kind : {confirm_order, fulfil_order, cancel_order, close_order})
        check({kind, kOrderId, "expected_version", kWantedRule, good, with(bad_units, {"0"})});
    for (const auto kind : {change_item, retire_item})
        check(
            {kind, R"("sku":"a")", "expected_version", kWantedRule, good, with(bad_units, {"0"})});
}

TEST(DecodeBody, ChecksPrices) {
    for (const auto kind : {create_item, change_item}) {
        check({kind,
               R"("sku":"IB1")",
               "price",
               kPriceRule,
               {"0", "25", "25.0", "25.00", "\"25.00\"", "\"0\"", "92233720368547758.07",
                "\"92233720368547758.07\""},
               {"1e400", "1e2", "-1", "\"-1\"", "-0", "0.001", "\"0.001\"", "\"abc\"", "\"\"",
                "true", "null", "{}", "\" 1\"", "\"1,00\"", "\"+1\"", "92233720368547758.08",
                "1000000000000000000000000000000"}});
    }
}

TEST(DecodeBody, ChecksTexts) {
    const auto text = [](CommandKind kind, std::string_view rest, std::string_view name,
                         std::size_t most) {
        std::string accents = "\"";
        for (std::size_t i = 0; i < most; ++i)
            accents += "é";
        check({kind,
               rest,
               name,
               "must be a text of at most " + std::to_string(most) +
                   " characters without control characters",
               {"\"\"", quoted(most), accents + "\"", "\"a b\""},
               with(bad_texts, {quoted(most + 1), accents + "é\""})});
    };
    for (const auto kind : {create_item, change_item}) {
        text(kind, R"("sku":"IB1")", "name", kMaxNameLength);
        text(kind, R"("sku":"IB1")", "label", kMaxLabelLength);
    }
    text(create_location, R"("code":"n")", "name", kMaxNameLength);
    for (const auto kind : {receive_stock, adjust_stock}) {
        text(kind, R"("sku":"IB1","quantity":5)", "reason", kMaxReasonLength);
        text(kind, R"("sku":"IB1","quantity":5)", "reference", kMaxReferenceLength);
    }
    const std::string line = R"("lines":[{"sku":"IB1","quantity":2}])";
    text(place_order, line, "customer", kMaxCustomerLength);
    text(place_order, line, "reference", kMaxReferenceLength);
    text(cancel_order, kOrderId, "reason", kMaxReasonLength);
    text(return_goods, std::string(kOrderId) + "," + line, "reason", kMaxReasonLength);
    text(insert_record, R"("srn":"R1")", "name", kMaxNameLength);
    text(insert_record, R"("srn":"R1")", "section", kMaxSectionLength);
}

TEST(DecodeBody, ChecksFlags) {
    const std::string line = R"("lines":[{"sku":"IB1","quantity":2}])";
    const std::vector<std::string> bad = {"0", "1", "\"true\"", "null", "[]"};
    check({place_order, line, "confirm", "must be true or false", {"true", "false"}, bad});
    check({place_order,
           line + R"(,"confirm":true)",
           "fulfil",
           "must be true or false",
           {"true", "false"},
           bad});
    check({place_order,
           line,
           "fulfil",
           "may be true only together with \"confirm\": true",
           {"false"},
           {"true"}});
    check({place_order,
           line + R"(,"confirm":false)",
           "fulfil",
           "may be true only together with \"confirm\": true",
           {"false"},
           {"true"}});
}

std::string lines(std::size_t count) {
    std::string text = "[";
    for (std::size_t i = 0; i < count; ++i)
        text += (i == 0 ? "" : ",") + std::string(R"({"quantity":1,"sku":"S)") + std::to_string(i) +
                "\"}";
    return text + "]";
}

TEST(DecodeBody, ChecksHowManyElementsAListHas) {
    constexpr std::string_view kRule = "must be an array of 1 to 1000 elements";
    const std::vector<std::string> bad = {"[]", lines(1'001), "{}", "null", "5"};
    check({place_order, "", "lines", kRule, {lines(1), lines(1'000)}, bad});
    check({fulfil_order, kOrderId, "lines", kRule, {lines(1), lines(1'000)}, bad});
    check({return_goods, kOrderId, "lines", kRule, {lines(1), lines(1'000)}, bad});
    check({create_item,
           R"("sku":"IB1")",
           "opening",
           "must be an array of at most 1000 elements",
           {"[]", R"([{"location":"main","quantity":1}])"},
           {"{}", "null"}});
}

struct Bad {
    CommandKind kind;
    std::string_view body;
    std::string_view field;
    std::string_view detail;
};

TEST(DecodeBody, NamesThePlaceWithinTheBody) {
    const Bad cases[] = {
        {place_order, R"({"lines":[{"sku":"A","quantity":1},{"sku":"B","quantity":0}]})",
         "lines[1].quantity", kWantedRule},
        {place_order, R"({"lines":[{"sku":"A"}]})", "lines[0].quantity", "is required"},
        {place_order, R"({"lines":[{"quantity":1}]})", "lines[0].sku", "is required"},
        {place_order, R"({"lines":[7]})", "lines[0]", "must be an object"},
        {place_order, R"({"lines":[{"sku":"A","quantity":1,"price":5}]})", "lines[0].price",
         "is not a field that is known here"},
        {create_item, R"({"sku":"A","opening":[{"location":"m m","quantity":1}]})",
         "opening[0].location", kLocationRule},
        {create_item, R"({"sku":"A","opening":[{"location":"m","quantity":0}]})",
         "opening[0].quantity", kWantedRule},
        {create_item,
         R"({"sku":"A","opening":[{"location":"m","quantity":1},{"location":"m","quantity":1}]})",
         "opening[1].location", "\"m\" stands in an element before; each may stand once"},
        {create_item,
         R"({"sku":"A","opening":[{"location":"m","quantity":9007199254740990},{"location":"n","quantity":1},{"location":"o","quantity":1}]})",
         "opening[2].quantity", "together they must be at most 9007199254740991"},
        {fulfil_order,
         R"({"order":"01938a1e-4c00-7000-8000-000000000001","lines":[{"sku":"A","quantity":1},{"sku":"B","quantity":1},{"sku":"A","quantity":1}]})",
         "lines[2].sku", "\"A\" stands in an element before; each may stand once"},
        {return_goods,
         R"({"order":"01938a1e-4c00-7000-8000-000000000001","lines":[{"sku":"A","quantity":1},{"sku":"A","quantity":1}]})",
         "lines[1].sku", "\"A\" stands in an element before; each may stand once"},
    };
    for (const auto& [kind, body, field, detail] : cases) {
        const auto result = decoded(kind, body);
        ASSERT_FALSE(result) << body;
        EXPECT_EQ(result.error().field, field) << body;
        EXPECT_EQ(result.error().detail, detail) << body;
    }
}

TEST(DecodeBody, RequiresWhatACommandCannotDoWithout) {
    const Bad cases[] = {
        {create_item, "{}", "sku", ""},
        {change_item, "{}", "sku", ""},
        {retire_item, "{}", "sku", ""},
        {create_location, "{}", "code", ""},
        {receive_stock, R"({"sku":"A"})", "quantity", ""},
        {receive_stock, R"({"quantity":1})", "sku", ""},
        {adjust_stock, R"({"sku":"A"})", "quantity", ""},
        {place_order, "{}", "lines", ""},
        {confirm_order, "{}", "order", ""},
        {fulfil_order, "{}", "order", ""},
        {cancel_order, "{}", "order", ""},
        {close_order, "{}", "order", ""},
        {return_goods, "{}", "order", ""},
        {return_goods, R"({"order":"01938a1e-4c00-7000-8000-000000000001"})", "lines", ""},
        {expire_order, "{}", "order", ""},
        {insert_record, "{}", "srn", ""},
        {delete_record, "{}", "srn", ""},
        {put_item, R"({"price":1,"quantity":1})", "sku", ""},
        {put_item, R"({"sku":"A","quantity":1})", "price", ""},
        {put_item, R"({"sku":"A","price":1})", "quantity", ""},
    };
    for (const auto& [kind, body, field, detail] : cases) {
        const auto result = decoded(kind, body);
        ASSERT_FALSE(result) << body;
        EXPECT_EQ(result.error().field, field) << to_string(kind);
        EXPECT_EQ(result.error().detail, "is required") << to_string(kind);
    }
}

TEST(DecodeBody, RefusesUnknownFieldsAndWhatIsNoObjectForEveryKind) {
    for (const auto kind : testing::kAllKinds) {
        std::string body(testing::full_body(kind));
        body.insert(body.size() - 1, body == "{}" ? R"("colour":"red")" : R"(,"colour":"red")");
        const auto result = decoded(kind, body);
        ASSERT_FALSE(result) << body;
        EXPECT_EQ(result.error().field, "colour");
        EXPECT_EQ(result.error().detail, "is not a field that is known here");
        for (const auto* text : {"[]", "null", "5", "\"sku\"", "true"}) {
            const auto other = decoded(kind, text);
            ASSERT_FALSE(other) << text;
            EXPECT_EQ(other.error().field, "");
            EXPECT_EQ(other.error().detail, "must be an object");
        }
    }
}

TEST(DecodeBody, TellsTheFirstProblemInTheOrderOfTheBody) {
    const auto field = [](std::string_view body) {
        return decoded(create_item, body).error().field;
    };
    EXPECT_EQ(field(R"({"price":-1,"sku":""})"), "price");
    EXPECT_EQ(field(R"({"sku":"","price":-1})"), "sku");
    EXPECT_EQ(field(R"({"colour":1,"sku":""})"), "colour");
    EXPECT_EQ(field(R"({"name":5,"colour":1})"), "name");
    EXPECT_EQ(field(R"({"opening":[{}],"price":-1,"sku":""})"), "opening[0].location");
}

TEST(AddMember, AddsWhatThePathSays) {
    const auto sku = JsonValue(std::string("IB1"));
    const auto body = add_member(json(R"({"name":"x"})"), "sku", sku);
    ASSERT_TRUE(body);
    EXPECT_EQ(encode_body(*decode_body(change_item, *body)), R"({"sku":"IB1","name":"x"})");
}

TEST(AddMember, RefusesWhatIsThereAlreadyOrNoObject) {
    const auto sku = JsonValue(std::string("IB1"));
    EXPECT_EQ(add_member(json(R"({"sku":"IB2"})"), "sku", sku).error().field, "sku");
    EXPECT_EQ(add_member(json("[]"), "sku", sku).error().detail, "must be an object");
    EXPECT_THAT(add_member(json("null"), "sku", sku).error().field, "");
}

}  // namespace
}  // namespace stockroom::contract
