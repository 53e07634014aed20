#include "replay_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay_cells.hpp"

namespace stockroom {
namespace {

using testing::ElementsAre;

constexpr std::string_view kHeader =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

std::string file_of(std::string_view rows) {
    return std::string(kHeader) + std::string(rows);
}

ReplayPlan plan_of(std::string_view rows) {
    auto plan = read_replay_plan(file_of(rows));
    if (plan) return std::move(*plan);
    for (const BadCell& cell : plan.error().kept())
        ADD_FAILURE() << to_string(cell);
    return {};
}

std::vector<std::string> bad_cells_of(std::string_view bytes) {
    std::vector<std::string> texts;
    if (const auto plan = read_replay_plan(bytes); !plan) {
        for (const BadCell& cell : plan.error().kept())
            texts.push_back(to_string(cell));
    }
    return texts;
}

std::vector<std::string> items_of(const ReplayPlan& plan) {
    std::vector<std::string> texts;
    texts.reserve(plan.items.size());
    for (const PlannedItem& item : plan.items)
        texts.push_back(item.sku.text() + "|" + item.name + "|" + item.price.to_string());
    return texts;
}

std::string changes_of(const PlannedInvoice& invoice) {
    std::string text;
    for (const PlannedChange& change : invoice.changes)
        text += change.sku.text() + ":" + std::to_string(change.quantity) + " ";
    return text;
}

std::string order_of(const PlannedInvoice& invoice) {
    std::string text;
    for (const domain::OrderedLine& line : invoice.order)
        text += line.sku.text() + ":" + std::to_string(line.quantity) + " ";
    return text;
}

TEST(ReplayPlan, NamesAndPricesItemsByTheirFirstUsableLine) {
    const ReplayPlan plan = plan_of(
        "1, A ,,5,2010-12-01T08:26:00Z,0.00,,\n"
        "1,a,  ,5,2010-12-01T08:26:00Z,-1,,\n"
        "C2,A,first name,-1,2010-12-01T08:26:00Z,1.005,,\n"
        "3,A,second name,1,2010-12-01T08:26:00Z,9.99,,\n"
        "3,\"two, words\",\"line\nbreak\",1,2010-12-01T08:26:00Z,0.0049,,\n");
    EXPECT_THAT(items_of(plan),
                ElementsAre("A|first name|1.01", "a||0.00", "two, words|line break|0.00"));
}

TEST(ReplayPlan, CutsLongNames) {
    std::string longest;
    for (int i = 0; i < 200; ++i)
        longest += "é";
    const ReplayPlan plan = plan_of("1,A," + longest + "x,1,2010-12-01T08:26:00Z,1,,\n");
    EXPECT_EQ(plan.items.at(0).name, longest);
}

TEST(ReplayPlan, PartsTheLinesOfAnInvoice) {
    const ReplayPlan plan = plan_of(
        "1,A,,2,2010-12-01T08:26:00Z,1.00,,\n"
        "1,B,,-3,2010-12-01T08:26:00Z,1.00,,\n"
        "1,C,,4,2010-12-01T08:26:00Z,0.00,,\n"
        "1,D,,5,2010-12-01T08:26:00Z,-0.01,,\n"
        "1,B,,6,2010-12-01T08:26:00Z,0.001,c-1,\n"
        "1,A,,7,2010-12-01T08:26:00Z,2.00,c-2,\n");
    ASSERT_EQ(plan.invoices.size(), 1U);
    const PlannedInvoice& invoice = plan.invoices[0];
    EXPECT_FALSE(invoice.is_credit_note);
    EXPECT_EQ(changes_of(invoice), "B:-3 C:4 D:5 ");
    EXPECT_EQ(order_of(invoice), "A:9 B:6 ");
    EXPECT_EQ(invoice.customer, "c-1");
}

TEST(ReplayPlan, TakesOnlyTheNegativeLinesOfACreditNote) {
    const ReplayPlan plan = plan_of(
        "C1,A,,-2,2010-12-01T08:26:00Z,0.00,,\n"
        "C1,B,,3,2010-12-01T08:26:00Z,1.00,,\n"
        "c2,A,,1,2010-12-01T08:26:00Z,1.00,,\n");
    ASSERT_EQ(plan.invoices.size(), 2U);
    EXPECT_TRUE(plan.invoices[0].is_credit_note);
    EXPECT_EQ(changes_of(plan.invoices[0]), "A:2 ");
    EXPECT_EQ(order_of(plan.invoices[0]), "");
    EXPECT_FALSE(plan.invoices[1].is_credit_note);
}

TEST(ReplayPlan, GathersScatteredLinesWhereTheInvoiceFirstAppears) {
    const ReplayPlan plan = plan_of(
        "2,A,,1,2010-12-01T08:26:00Z,1.00,,\n"
        "1,A,,2,2010-12-01T08:26:00Z,1.00,,\n"
        "2,A,,3,2010-12-01T08:26:00Z,1.00,,\n");
    ASSERT_EQ(plan.invoices.size(), 2U);
    EXPECT_EQ(plan.invoices[0].number, "2");
    EXPECT_EQ(plan.invoices[0].line, 2U);
    EXPECT_EQ(order_of(plan.invoices[0]), "A:4 ");
    EXPECT_EQ(plan.invoices[1].number, "1");
}

TEST(ReplayPlan, TakesAFileWithoutRows) {
    EXPECT_TRUE(plan_of("").items.empty());
}

TEST(ReplayPlan, NamesBadCellsByLineAndColumn) {
    EXPECT_THAT(bad_cells_of(file_of("1,A,,0,2010-12-01T08:26:00Z,1.00,,\n"
                                     " ,,,1.5,yesterday,1e3,\x01,\n"
                                     "1,A,,1,2010-12-01T08:26:00Z,1.00,\n"
                                     "1,A,,1,2010-12-01T08:26:00Z,1.00,,,\n"
                                     "1,A\"B,,1,2010-12-01T08:26:00Z,1.00,,\n"
                                     "1,A,\xFF,1,2010-12-01T08:26:00Z,1.00,,\n"
                                     "1,A,,9007199254740992,2010-12-01T08:26:00Z,1.00,,\n")),
                ElementsAre("line 2, column 4 (Quantity): must not be 0",
                            "line 3, column 1 (InvoiceNo): must not be empty",
                            "line 3, column 2 (StockCode): must be 1 to 64 printable ASCII "
                            "characters, spaces around aside",
                            "line 3, column 4 (Quantity): must be a whole number like 6 or -6",
                            "line 3, column 5 (InvoiceDate): must be a time like "
                            "2010-12-01T08:26:00Z",
                            "line 3, column 6 (UnitPrice): must be a decimal number like 2.55",
                            "line 3, column 7 (CustomerID): has a control character",
                            "line 4, column 8 (Country): the row has 7 columns, not 8",
                            "line 5, column 9: the row has 9 columns, not 8",
                            "line 6, column 2 (StockCode): has a quote inside, so it must be in "
                            "quotes and the quote doubled",
                            "line 7, column 3 (Description): is not UTF-8",
                            "line 8, column 4 (Quantity): must be within ±9007199254740991"));
}

TEST(ReplayPlan, NamesWhatNoOrderCanHold) {
    EXPECT_THAT(bad_cells_of(file_of("1,A,,9007199254740991,2010-12-01T08:26:00Z,0.01,,\n"
                                     "1,A,,1,2010-12-01T08:26:00Z,0.01,,\n")),
                ElementsAre("line 3, column 4 (Quantity): the invoice orders more than "
                            "9007199254740991 of this stock code"));
    EXPECT_THAT(
        bad_cells_of(file_of("1,A,,2,2010-12-01T08:26:00Z,46116860184273879.04,,\n")),
        ElementsAre("line 2, column 6 (UnitPrice): the invoice comes to more than the largest "
                    "amount, 92233720368547758.07"));
    std::string rows;
    for (int i = 0; i < 1001; ++i)
        rows += "1,S" + std::to_string(i) + ",,1,2010-12-01T08:26:00Z,1,,\n";
    EXPECT_THAT(bad_cells_of(file_of(rows)),
                ElementsAre("line 1002, column 2 (StockCode): the invoice orders more than 1000 "
                            "stock codes"));
}

TEST(ReplayPlan, KeepsTheFirstBadCellsAndCountsAll) {
    std::string rows;
    for (int i = 0; i < 1500; ++i)
        rows += "1,A,,0,2010-12-01T08:26:00Z,1,,\n";
    const auto plan = read_replay_plan(file_of(rows));
    ASSERT_FALSE(plan.has_value());
    EXPECT_EQ(plan.error().count(), 1500U);
    EXPECT_EQ(plan.error().kept().size(), BadCells::kKeptMax);
}

TEST(ReplayPlan, WantsTheHeader) {
    const auto wants = testing::ElementsAre(testing::HasSubstr("the file must begin with Invoice"));
    EXPECT_THAT(bad_cells_of(""), wants);
    EXPECT_THAT(bad_cells_of("1,A,,1,2010-12-01T08:26:00Z,1.00,,\n"), wants);
    EXPECT_THAT(bad_cells_of("InvoiceNo,StockCode\n"), wants);
    EXPECT_THAT(bad_cells_of(std::string(kHeader.substr(0, kHeader.size() - 1)) + ",More\n"),
                wants);
    EXPECT_TRUE(bad_cells_of("\xEF\xBB\xBF" + std::string(kHeader)).empty());
}

struct PriceCase {
    std::string_view text;
    std::string_view rounded;  // empty: refused
    bool is_positive = true;
};

TEST(ReadPrice, RoundsHalfUpToCents) {
    const PriceCase cases[] = {{"2.55", "2.55"},
                               {"2", "2.00"},
                               {"2.5", "2.50"},
                               {"1.005", "1.01"},
                               {"1.0049999", "1.00"},
                               {"0.995", "1.00"},
                               {"0.005", "0.01"},
                               {"0.004", "0.00"},
                               {"007.50", "7.50"},
                               {"0", "0.00", false},
                               {"0.00", "0.00", false},
                               {"-0.01", "0.00", false},
                               {"-0", "0.00", false},
                               {"-99999999999999999999", "0.00", false},
                               {"92233720368547758.07", "92233720368547758.07"},
                               {"92233720368547758.074", "92233720368547758.07"},
                               {"92233720368547758.075", ""},
                               {"92233720368547758.08", ""},
                               {"", ""},
                               {".5", ""},
                               {"5.", ""},
                               {"-", ""},
                               {"+1", ""},
                               {"1e2", ""},
                               {"1,5", ""},
                               {" 1", ""},
                               {"1.2.3", ""},
                               {"--1", ""},
                               {"NaN", ""}};
    for (const PriceCase& one : cases) {
        SCOPED_TRACE(one.text);
        const auto price = read_price(one.text);
        ASSERT_EQ(price.has_value(), !one.rounded.empty());
        if (!price) continue;
        EXPECT_EQ(price->rounded.to_string(), one.rounded);
        EXPECT_EQ(price->is_positive, one.is_positive);
    }
}

}  // namespace
}  // namespace stockroom
