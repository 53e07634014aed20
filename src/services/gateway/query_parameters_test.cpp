#include "query_parameters.hpp"

#include <initializer_list>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace stockroom::gateway {
namespace {

http::Request asking(std::initializer_list<std::pair<std::string, std::string>> query) {
    http::Request request;
    request.query = query;
    return request;
}

TEST(QueryParameters, ReadAPage) {
    const http::Request request = asking({{"limit", "500"}, {"cursor", "abc"}});
    QueryParameters parameters(request);
    const ports::PageRequest page = parameters.page();
    EXPECT_EQ(page.limit, 500U);
    EXPECT_EQ(page.cursor, "abc");
    EXPECT_FALSE(parameters.problem());
}

TEST(QueryParameters, HaveAFirstPageByDefault) {
    const http::Request request = asking({});
    QueryParameters parameters(request);
    const ports::PageRequest page = parameters.page();
    EXPECT_EQ(page.limit, 50U);
    EXPECT_EQ(page.cursor, "");
    EXPECT_FALSE(parameters.problem());
}

TEST(QueryParameters, NameTheOneAtFault) {
    struct Row {
        std::string_view what;
        http::Request request;
        std::string field;
    };
    const Row rows[] = {
        {"a limit of 0", asking({{"limit", "0"}}), "limit"},
        {"a limit past the greatest", asking({{"limit", "501"}}), "limit"},
        {"a limit that is no number", asking({{"limit", "ten"}}), "limit"},
        {"a limit with more behind it", asking({{"limit", "10 "}}), "limit"},
        {"a signed limit", asking({{"limit", "+1"}}), "limit"},
        {"an empty limit", asking({{"limit", ""}}), "limit"},
        {"an empty cursor", asking({{"cursor", ""}}), "cursor"},
        {"a long cursor", asking({{"cursor", std::string(1025, 'c')}}), "cursor"},
        {"a truth that is none", asking({{"low_stock", "yes"}}), "low_stock"},
        {"one that stands twice", asking({{"q", "a"}, {"q", "a"}}), "q"},
        {"one with a NUL", asking({{"q", std::string(1, '\0')}}), "q"},
        {"one that is no UTF-8", asking({{"q", "\xff"}}), "q"},
        {"one that is too long", asking({{"q", "123456"}}), "q"},
        {"one that nobody knows", asking({{"q", "a"}, {"colour", "red"}}), "colour"},
        {"one without a name", asking({{"", "a"}}), "query"},
    };
    for (const Row& row : rows) {
        QueryParameters parameters(row.request);
        (void)parameters.text("q", 5);
        (void)parameters.truth("low_stock");
        (void)parameters.page();
        const auto problem = parameters.problem();
        ASSERT_TRUE(problem) << row.what;
        EXPECT_EQ(problem->status, 422) << row.what;
        EXPECT_EQ(problem->field, row.field) << row.what;
    }
}

TEST(QueryParameters, CountCodePointsNotBytes) {
    const http::Request request = asking({{"q", "äöüßé"}});
    QueryParameters parameters(request);
    EXPECT_EQ(parameters.text("q", 5), "äöüßé");
    EXPECT_FALSE(parameters.problem());
}

}  // namespace
}  // namespace stockroom::gateway
