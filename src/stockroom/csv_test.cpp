#include "csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom {
namespace {

using testing::ElementsAre;

std::vector<std::vector<std::string>> rows_of(std::string_view bytes) {
    CsvReader reader(bytes);
    std::vector<std::vector<std::string>> rows;
    while (auto row = reader.next()) {
        EXPECT_TRUE(row->has_value()) << row->error().detail;
        if (!*row) break;
        std::vector<std::string> texts;
        for (const CsvField& field : (*row)->fields)
            texts.push_back(field.text);
        rows.push_back(std::move(texts));
    }
    return rows;
}

TEST(CsvReader, ReadsRowsWhateverTheyEndIn) {
    const auto expected = ElementsAre(ElementsAre("a", "b"), ElementsAre("c", ""));
    EXPECT_THAT(rows_of("a,b\nc,\n"), expected);
    EXPECT_THAT(rows_of("a,b\r\nc,\r\n"), expected);
    EXPECT_THAT(rows_of("a,b\nc,"), expected);
    EXPECT_THAT(rows_of("\xEF\xBB\xBF"
                        "a,b\nc,"),
                expected);
    EXPECT_THAT(rows_of("\n\na,b\n\r\n\nc,\n\n"), expected);
    EXPECT_THAT(rows_of(""), ElementsAre());
    EXPECT_THAT(rows_of(","), ElementsAre(ElementsAre("", "")));
}

TEST(CsvReader, ReadsQuotedFields) {
    EXPECT_THAT(rows_of("\"a,b\",\"say \"\"c\"\"\"\r\n"),
                ElementsAre(ElementsAre("a,b", "say \"c\"")));
    EXPECT_THAT(rows_of("\"a\r\nb\nc\",d\n\"\",\"\"\"\"\n"),
                ElementsAre(ElementsAre("a\r\nb\nc", "d"), ElementsAre("", "\"")));
    EXPECT_THAT(rows_of("a,\"b\""), ElementsAre(ElementsAre("a", "b")));
}

TEST(CsvReader, KnowsTheLineOfEachField) {
    CsvReader reader("a\n\"b\nb\",\"c\nc\",d\ne\n");
    const auto first = reader.next();
    const auto second = reader.next();
    const auto third = reader.next();
    ASSERT_TRUE(first && *first && second && *second && third && *third);
    EXPECT_EQ((*first)->line, 1U);
    EXPECT_EQ((*second)->line, 2U);
    EXPECT_EQ((*second)->fields[0].line, 2U);
    EXPECT_EQ((*second)->fields[1].line, 3U);
    EXPECT_EQ((*second)->fields[2].line, 4U);
    EXPECT_EQ((*third)->line, 5U);
    EXPECT_FALSE(reader.next());
}

struct BadRow {
    std::string bytes;
    std::size_t line;
    std::size_t column;
    std::string detail;
    bool goes_on;  // with a row "ok"
};

TEST(CsvReader, NamesWhatCannotBeReadAndGoesOn) {
    const BadRow cases[] = {
        {"a,b\"c\nok\n", 1, 2, "has a quote inside", true},
        {"a,\"b\"c,d\r\nok", 1, 2, "goes on after its closing quote", true},
        {"\"a\nb\",c\rd\nok", 2, 2, "has a carriage return inside", true},
        {"a,b,\"c\nok\n", 1, 3, "begins with a quote that is never closed", false},
        {"\"a\" ,b\nok", 1, 1, "goes on after its closing quote", true},
    };
    for (const BadRow& bad : cases) {
        SCOPED_TRACE(bad.bytes);
        CsvReader reader(bad.bytes);
        const auto row = reader.next();
        ASSERT_TRUE(row && !row->has_value());
        EXPECT_EQ(row->error().line, bad.line);
        EXPECT_EQ(row->error().column, bad.column);
        EXPECT_THAT(row->error().detail, testing::StartsWith(bad.detail));
        const auto after = reader.next();
        ASSERT_EQ(after.has_value(), bad.goes_on);
        if (after) {
            ASSERT_TRUE(after->has_value());
            EXPECT_EQ((*after)->fields[0].text, "ok");
        }
    }
}

}  // namespace
}  // namespace stockroom
