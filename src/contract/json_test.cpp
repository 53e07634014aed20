#include "stockroom/contract/json.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom::contract {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string rewritten(std::string_view text) {
    const auto value = read_json(text);
    if (!value) return "refused: " + value.error().detail;
    std::string out;
    append_json(out, *value);
    return out;
}

TEST(ReadJson, KeepsValuesAndTheOrderOfMembers) {
    for (const std::string_view text : {R"({"b":1,"a":[true,false,null,"x",{}],"":[]})", "0", "-0",
                                        "\"\"", "null", "[[[]]]", R"("é€𝄞")"}) {
        EXPECT_EQ(rewritten(text), text);
    }
    EXPECT_EQ(rewritten(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n"), R"({"a":[1,2]})");
}

TEST(ReadJson, KeepsEveryDigitOfANumber) {
    for (const std::string_view text :
         {"1e400", "-1e-400", "5.0", "1e2", "1E+2", "0.001", "9007199254740993",
          "1000000000000000000000000000000", "18446744073709551616", "-9223372036854775809",
          "0.1000000000000000055511151231257827021181583404541015625", "25.00", "-0.0"}) {
        EXPECT_EQ(rewritten(text), text);
        EXPECT_EQ(rewritten("[" + std::string(text) + "]"), "[" + std::string(text) + "]");
    }
    const std::string long_number(100'000, '7');
    EXPECT_EQ(rewritten(long_number), long_number);
}

TEST(ReadJson, UnescapesText) {
    const auto text = [](std::string_view json) { return *read_json(json)->as<std::string>(); };
    EXPECT_EQ(text(R"("a\"\\\/\b\f\n\r\tb")"), "a\"\\/\b\f\n\r\tb");
    EXPECT_EQ(text(R"("\u0041\u00e9\u20ac\ud834\udd1e")"), "Aé€𝄞");
    EXPECT_EQ(text(R"("\u0000")"), std::string(1, '\0'));
}

struct Refusal {
    std::string_view text;
    std::string_view detail;
};

TEST(ReadJson, RefusesWhatIsNotOneJsonTextAndSaysWhere) {
    const Refusal refusals[] = {
        {"", "line 1, column 1: the text ends too early"},
        {"   ", "line 1, column 4: the text ends too early"},
        {"{", "line 1, column 2: the text ends too early"},
        {"[1,", "the text ends too early"},
        {"tru", "the text ends too early"},
        {"\"abc", "the text ends too early"},
        {"-", "the text ends too early"},
        {"1.", "line 1, column 3: this is not JSON in UTF-8"},
        {"{}{}", "line 1, column 3: there is something after the end"},
        {"1 2", "line 1, column 3: there is something after the end"},
        {"[1,]", "line 1, column 4: this is not JSON in UTF-8"},
        {"{\"a\":1,}", "this is not JSON in UTF-8"},
        {"{\"a\" 1}", "this is not JSON in UTF-8"},
        {"{a:1}", "line 1, column 2: this is not JSON in UTF-8"},
        {"{\n \"é\": x}", "line 2, column 7: this is not JSON in UTF-8"},
        {"'a'", "this is not JSON in UTF-8"},
        {"NaN", "this is not JSON in UTF-8"},
        {"Infinity", "this is not JSON in UTF-8"},
        {"+1", "this is not JSON in UTF-8"},
        {"01", "after the end"},
        {".5", "this is not JSON in UTF-8"},
        {"1.", "line 1, column 3: this is not JSON in UTF-8"},
        {"1e999999999999", "the number's exponent is too large"},
        {"/* no */1", "this is not JSON in UTF-8"},
        {"\"a\nb\"", "this is not JSON in UTF-8"},
        {"\"\\x41\"", "this is not JSON in UTF-8"},
        {"\"\\u12G4\"", "four hexadecimal digits must follow \\u"},
        {R"("\ud834")", "this is not JSON in UTF-8"},
        {R"("\ud834x")", "this is not JSON in UTF-8"},
        {R"("\ud834\u0041")", "a surrogate stands alone"},
        {R"("\udd1e")", "a surrogate stands alone"},
        {"\"\xff\"", "this is not JSON in UTF-8"},
        {"\"\xc0\xaf\"", "this is not JSON in UTF-8"},
        {"\"\xed\xa0\x80\"", "this is not JSON in UTF-8"},
        {"\xef\xbb\xbf{}", "this is not JSON in UTF-8"},
        {std::string_view("\0", 1), "this is not JSON in UTF-8"},
        {std::string_view("{}\0", 3), "there is something after the end"},
    };
    for (const auto& refusal : refusals) {
        const auto value = read_json(refusal.text);
        ASSERT_FALSE(value) << refusal.text;
        EXPECT_THAT(value.error().detail, HasSubstr(refusal.detail)) << refusal.text;
        EXPECT_THAT(value.error().detail, StartsWith("line ")) << refusal.text;
        EXPECT_EQ(value.error().field, "") << refusal.text;
    }
}

TEST(ReadJson, LimitsTheDepth) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_TRUE(read_json(nested(kMaxJsonDepth)));
    for (const std::size_t depth : {kMaxJsonDepth + 1, std::size_t{100'000}}) {
        const auto value = read_json(nested(depth));
        ASSERT_FALSE(value);
        EXPECT_EQ(value.error().detail, "line 1, column 33: nested too deeply");
    }
    std::string objects;
    for (int i = 0; i < 100'000; ++i)
        objects += "{\"a\":";
    EXPECT_THAT(read_json(objects).error().detail, EndsWith("nested too deeply"));
}

TEST(ReadJson, RefusesANameThatStandsTwiceAndSaysWhichOne) {
    const std::pair<std::string_view, std::string_view> duplicates[] = {
        {R"({"a":1,"a":1})", "a"},
        {R"({"a":1,"\u0061":2})", "a"},
        {R"({"":1,"b":{"c":1,"d":2,"c":3}})", "b.c"},
        {R"({"lines":[{"sku":1},{"sku":1,"quantity":2,"sku":3}]})", "lines[1].sku"},
        {R"([[0,{"x":0,"x":0}]])", "[0][1].x"},
    };
    for (const auto& [text, field] : duplicates) {
        const auto value = read_json(text);
        ASSERT_FALSE(value) << text;
        EXPECT_EQ(value.error().field, field);
        EXPECT_THAT(value.error().detail, EndsWith("the object has this name twice"));
    }
    EXPECT_TRUE(read_json(R"({"a":{"a":1},"A":[{"a":1},{"a":1}]})"));
}

TEST(ReadJson, FindsADuplicateAmongManyMembers) {
    std::string object = "{";
    for (int i = 0; i < 1'000; ++i)
        object += "\"name" + std::to_string(i) + "\":0,";
    EXPECT_EQ(read_json(object + "\"name1000\":0}")->as<JsonValue::Object>()->size(), 1'001U);
    EXPECT_EQ(read_json(object + "\"name500\":0}").error().field, "name500");
}

TEST(ReadJson, CutsAVeryLongNameInAPath) {
    const std::string name = "\"" + std::string(99, 'n') + std::string(1'000, 'n') + "\"";
    const auto value = read_json("{" + name + ":1," + name + ":2}");
    EXPECT_EQ(value.error().field, std::string(100, 'n') + "…");
    const std::string accents = "\"n" + std::string(99, 'n') + "€€€\"";
    EXPECT_EQ(read_json("{" + accents + ":1," + accents + ":2}").error().field,
              std::string(100, 'n') + "…");
}

TEST(JsonValue, FindsMembersOfObjectsOnly) {
    const auto value = read_json(R"({"a":{"b":5}})");
    ASSERT_NE(value->find("a"), nullptr);
    EXPECT_EQ(value->find("a")->find("b")->as<JsonValue::Number>()->text, "5");
    EXPECT_EQ(value->find("b"), nullptr);
    EXPECT_EQ(read_json("[1]")->find("a"), nullptr);
}

TEST(JsonWriter, WritesCommasWhereTheyBelong) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.field("text", "a\"b");
    json.field("least", std::numeric_limits<std::int64_t>::min());
    json.field("most", std::numeric_limits<std::int64_t>::max());
    json.field("truth", true);
    json.name("nothing");
    json.null();
    json.name("list");
    json.begin_array();
    json.begin_array();
    json.end_array();
    json.begin_object();
    json.end_object();
    json.value(false);
    json.raw("[1,2]");
    json.end_array();
    json.field("last", std::string("é"));
    json.end_object();
    EXPECT_EQ(out, R"({"text":"a\"b","least":-9223372036854775808,"most":9223372036854775807,)"
                   R"("truth":true,"nothing":null,"list":[[],{},false,[1,2]],"last":"é"})");
}

}  // namespace
}  // namespace stockroom::contract
