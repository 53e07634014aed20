#include "percent.hpp"

#include <gtest/gtest.h>

namespace stockroom::http {
namespace {

TEST(PercentDecode, DecodesEscapesOfEitherCase) {
    EXPECT_EQ(percent_decode("a%2Fb%2fc%20d", PlusSign::literal), "a/b/c d");
    EXPECT_EQ(percent_decode("%C3%A9", PlusSign::literal), "é");
    EXPECT_EQ(percent_decode("", PlusSign::literal), "");
}

TEST(PercentDecode, ReadsPlusAsAskedFor) {
    EXPECT_EQ(percent_decode("a+b%2B", PlusSign::literal), "a+b+");
    EXPECT_EQ(percent_decode("a+b%2B", PlusSign::space), "a b+");
}

TEST(PercentDecode, RefusesCutAndOddEscapesNulAndBadUtf8) {
    for (const auto* text : {"%", "%4", "a%4", "%zz", "%4z", "%-1", "%00", "%FF", "%C3", "%C0%AF"})
        EXPECT_FALSE(percent_decode(text, PlusSign::literal).has_value()) << text;
}

TEST(HasSoundEscapes, SeesEachEscape) {
    EXPECT_TRUE(has_sound_escapes("/a%20b%FFc?d=%41"));
    for (const auto* text : {"/%", "/%4", "/%20%", "/%zz", "/%00", "/%%41", "/%25%00"})
        EXPECT_FALSE(has_sound_escapes(text)) << text;
}

}  // namespace
}  // namespace stockroom::http
