#include "stockroom/contract/classic_records.hpp"

#include <string>

#include <gtest/gtest.h>

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using namespace domain;

std::string inserted(std::string_view text) {
    const auto body = read_classic_insertion(text);
    return body ? encode_body(*body) : body.error().field + " " + body.error().detail;
}

std::string deleted(std::string_view text) {
    const auto body = read_classic_removal(text);
    return body ? encode_body(*body) : body.error().field + " " + body.error().detail;
}

constexpr std::string_view kSrnRule =
    "SRN must be a text of 1 to 64 printable ASCII characters with no space at either end";

TEST(ClassicRecords, AreInserted) {
    EXPECT_EQ(inserted(R"({"Name":"Zoë","SRN":"R 1","Section":"A"})"),
              R"({"srn":"R 1","name":"Zoë","section":"A"})");
    EXPECT_EQ(inserted(R"({"SRN":"R1"})"), R"({"srn":"R1"})");
    EXPECT_EQ(inserted(R"({"SRN":42,"Name":7,"Section":1.50,"Age":20})"),
              R"({"srn":"42","name":"7","section":"1.50"})");
    EXPECT_EQ(inserted(R"({"Name":"Ann"})"), "SRN is required");
    EXPECT_EQ(inserted(R"({"SRN":""})"), kSrnRule);
    EXPECT_EQ(inserted(R"({"SRN":null})"), kSrnRule);
    EXPECT_EQ(inserted(R"({"srn":"R1"})"), "SRN is required");
    EXPECT_TRUE(inserted(R"({"SRN":"R1","Name":[]})").starts_with("Name must be a text"));
    EXPECT_TRUE(
        inserted(R"({"SRN":"R1","Section":")" + std::string(kMaxSectionLength + 1, 'x') + R"("})")
            .starts_with("Section must be a text"));
    EXPECT_EQ(inserted("[]"), " must be an object");
    EXPECT_FALSE(read_classic_insertion("R1"));
    EXPECT_FALSE(read_classic_insertion(""));
    EXPECT_FALSE(read_classic_insertion(R"({"SRN":"R1","SRN":"R2"})"));
}

TEST(ClassicRecords, AreDeletedByTheirSrn) {
    EXPECT_EQ(deleted(R"({"SRN":"R1"})"), R"({"srn":"R1"})");
    EXPECT_EQ(deleted(R"({"SRN":42,"Name":"Ann"})"), R"({"srn":"42"})");
    EXPECT_EQ(deleted(R"("R1")"), R"({"srn":"R1"})");
    EXPECT_EQ(deleted("42"), R"({"srn":"42"})");
    EXPECT_EQ(deleted("007"), R"({"srn":"007"})");
    EXPECT_EQ(deleted("PES 1/2"), R"({"srn":"PES 1/2"})");
    EXPECT_EQ(deleted("{}"), "SRN is required");
    for (const auto* wrong : {"null", "[]", "true", R"("")", "", "\xff", "a\nb", R"({"SRN":" "})"})
        EXPECT_EQ(deleted(wrong), kSrnRule) << wrong;
}

TEST(ClassicRecords, AreWrittenUnderTheirOldNames) {
    std::string text;
    JsonWriter json(text);
    write_classic_record(json, testing::sample_record());
    EXPECT_EQ(text, R"({"Name":"Zoë","SRN":"PES 1/2","Section":"A"})");
}

}  // namespace
}  // namespace stockroom::contract
