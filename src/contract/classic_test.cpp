#include "stockroom/contract/classic.hpp"

#include <gmock/gmock.h>

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using ::testing::HasSubstr;

std::string body_of(const ReadClassic& read) {
    return read ? encode_body(*read) : to_sentence(read.error());
}

TEST(Classic, ReadsAnItem) {
    const std::string_view item =
        R"({"sku":"IB1","name":"Apple juice","label":"juice","price":"25.00","quantity":50})";
    for (
        const std::string_view same :
        {R"({"sku":"IB1","name":"Apple juice","label":"juice","price":25.0,"quantity":50})",
         R"({"sku":"IB1","name":"Apple juice","label":"juice","price":25,"quantity":"50"})",
         R"({"quantity":50,"price":"25.00","brand":7,"label":"juice","name":"Apple juice","sku":"IB1"})"})
        EXPECT_EQ(body_of(read_classic_item(same)), item);
    EXPECT_EQ(body_of(read_classic_item(R"({"sku":"IB1","price":0,"quantity":0})")),
              R"({"sku":"IB1","price":"0.00","quantity":0})");
}

TEST(Classic, KeepsEveryDigitOfAPrice) {
    EXPECT_EQ(body_of(read_classic_item(
                  R"({"sku":"A","price":92233720368547758.07,"quantity":9007199254740991})")),
              R"({"sku":"A","price":"92233720368547758.07","quantity":9007199254740991})");
    std::string json;
    JsonWriter writer(json);
    auto item = testing::sample_item();
    item.item.price = base::Money::from_minor(9'223'372'036'854'775'807);
    write_classic_item(writer, item);
    EXPECT_EQ(json, R"({"sku":"IB1","name":"Apple \"juice\"","label":"",)"
                    R"("price":92233720368547758.07,"quantity":50})");
}

TEST(Classic, ReadsADeletionAndAPurchase) {
    EXPECT_EQ(body_of(read_classic_deletion(R"({"sku":"IB1","why":"sold"})")), R"({"sku":"IB1"})");
    EXPECT_EQ(body_of(read_classic_purchase(R"({"sku":"IB1","customer":"c-17"})")),
              R"({"customer":"c-17","lines":[{"sku":"IB1","quantity":1}],)"
              R"("confirm":true,"fulfil":true})");
    EXPECT_EQ(body_of(read_classic_purchase(R"({"sku":"IB1"})")),
              R"({"lines":[{"sku":"IB1","quantity":1}],"confirm":true,"fulfil":true})");
}

TEST(Classic, SaysWhatCannotBeUnderstood) {
    struct Case {
        std::string_view json;
        std::string_view sentence;
    };
    const Case cases[] = {
        {"", "line 1"},
        {"sku=IB1", "line 1"},
        {R"(["IB1"])", "must be an object"},
        {R"({"sku":"IB1","sku":"IB2","price":1,"quantity":1})", "sku: "},
        {R"({"price":1,"quantity":1})", "sku: is required"},
        {R"({"sku":"A","quantity":1})", "price: is required"},
        {R"({"sku":"A","price":1})", "quantity: is required"},
        {R"({"sku":"A","price":1e2,"quantity":1})", "price: must be an amount"},
        {R"({"sku":"A","price":0.001,"quantity":1})", "price: must be an amount"},
        {R"({"sku":"A","price":-1,"quantity":1})", "price: must be an amount"},
        {R"({"sku":"A","price":1,"quantity":1.5})", "quantity: must be a whole number"},
        {R"({"sku":"A","price":1,"quantity":"many"})", "quantity: must be a whole number"},
        {R"({"sku":"A","price":1,"quantity":""})", "quantity: must be a whole number"},
        {R"({"sku":"A","price":1,"quantity":-1})", "quantity: must be a whole number"},
        {R"({"sku":"A","name":5,"price":1,"quantity":1})", "name: must be"},
    };
    for (const auto& [json, sentence] : cases) {
        const auto read = read_classic_item(json);
        ASSERT_FALSE(read) << json;
        EXPECT_THAT(to_sentence(read.error()), HasSubstr(sentence)) << json;
    }
    EXPECT_FALSE(read_classic_deletion("{}"));
    EXPECT_FALSE(read_classic_deletion(R"({"sku":""})"));
    EXPECT_FALSE(read_classic_purchase(R"({"customer":"c-17"})"));
    EXPECT_FALSE(read_classic_purchase(R"({"sku":"A","customer":7})"));
}

TEST(Classic, SaysThatAMessageIsTaken) {
    EXPECT_EQ(classic_message(kClassicCreateItem), R"({"message":"Create item message sent"})");
    EXPECT_EQ(classic_message(kClassicStockManagement),
              R"({"message":"Stock management (item delete) message sent"})");
    EXPECT_EQ(classic_message(kClassicHealthcheck), R"({"message":"Health check message sent"})");
    EXPECT_EQ(message_json("a \"quote\""), R"({"message":"a \"quote\""})");
}

}  // namespace
}  // namespace stockroom::contract
