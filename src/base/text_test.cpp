#include "stockroom/base/text.hpp"

#include <gtest/gtest.h>

namespace stockroom::base {
namespace {

TEST(AppendJsonString, EscapesWhatRfc8259Says) {
    std::string out;
    append_json_string(out, std::string_view("a\"b\\c\n\r\t\x01\0é", 12));
    EXPECT_EQ(out, "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u0000é\"");
}

TEST(IsUtf8, AcceptsEveryLengthOfSequence) {
    EXPECT_TRUE(is_utf8("plain"));
    EXPECT_TRUE(is_utf8("é €  𝄞"));
    EXPECT_TRUE(is_utf8("\xF4\x8F\xBF\xBF"));
}

TEST(IsUtf8, RefusesOverlongCutSurrogateAndTooLarge) {
    for (const auto* text : {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3",
                             "\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF"}) {
        EXPECT_FALSE(is_utf8(text));
    }
}

TEST(CountCodePoints, CountsCharactersNotBytes) {
    EXPECT_EQ(count_code_points("é€𝄞a"), 4U);
}

}  // namespace
}  // namespace stockroom::base
