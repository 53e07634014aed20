#include "stockroom/domain/values.hpp"

#include <gtest/gtest.h>

namespace stockroom::domain {
namespace {

TEST(Sku, IsOneTo64PrintableAsciiCharacters) {
    EXPECT_TRUE(Sku::parse("A"));
    EXPECT_TRUE(Sku::parse("~!\"\\ 85123A"));
    EXPECT_TRUE(Sku::parse(std::string(64, 'x')));
    EXPECT_FALSE(Sku::parse(""));
    EXPECT_FALSE(Sku::parse(std::string(65, 'x')));
    EXPECT_FALSE(Sku::parse("caf\xC3\xA9"));
    EXPECT_FALSE(Sku::parse("a\tb"));
    EXPECT_FALSE(Sku::parse("a\x7F"));
    EXPECT_FALSE(Sku::parse(std::string_view("a\0b", 3)));
}

TEST(Sku, HasSpacesOnlyWithin) {
    EXPECT_TRUE(Sku::parse("a b"));
    EXPECT_FALSE(Sku::parse(" a"));
    EXPECT_FALSE(Sku::parse("a "));
    EXPECT_FALSE(Sku::parse(" "));
}

TEST(Sku, KeepsItsCase) {
    EXPECT_NE(Sku::parse("15056bl"), Sku::parse("15056BL"));
    EXPECT_EQ(Sku::parse("15056bl")->text(), "15056bl");
}

TEST(LocationCode, IsOneTo32LettersDigitsDashesUnderscoresAndPoints) {
    EXPECT_TRUE(LocationCode::parse("main"));
    EXPECT_TRUE(LocationCode::parse("North-2_b.c"));
    EXPECT_TRUE(LocationCode::parse(std::string(32, 'x')));
    EXPECT_FALSE(LocationCode::parse(""));
    EXPECT_FALSE(LocationCode::parse(std::string(33, 'x')));
    EXPECT_FALSE(LocationCode::parse("a b"));
    EXPECT_FALSE(LocationCode::parse("a/b"));
    EXPECT_FALSE(LocationCode::parse("\xC3\xA9"));
    EXPECT_EQ(LocationCode::parse("main"), LocationCode::main());
}

TEST(Srn, IsOneTo64PrintableAsciiCharactersWithSpacesOnlyWithin) {
    EXPECT_EQ(Srn::parse("PES 21/042")->text(), "PES 21/042");
    EXPECT_TRUE(Srn::parse(std::string(64, 'x')));
    EXPECT_FALSE(Srn::parse(""));
    EXPECT_FALSE(Srn::parse(std::string(65, 'x')));
    EXPECT_FALSE(Srn::parse("a\nb"));
    EXPECT_FALSE(Srn::parse("caf\xC3\xA9"));
    EXPECT_FALSE(Srn::parse(" a"));
    EXPECT_FALSE(Srn::parse("a "));
}

}  // namespace
}  // namespace stockroom::domain
