#include "stockroom/http/router.hpp"

#include <gtest/gtest.h>

#include "stockroom/base/check.hpp"

namespace stockroom::http {
namespace {

boost::asio::awaitable<Response> answer(Request) {
    co_return Response{};
}

Router make_router() {
    Router router;
    router.add("GET", "/", answer);
    router.add("GET", "/v1/items", answer);
    router.add("POST", "/v1/items", answer);
    router.add("GET", "/v1/items/{sku}", answer);
    router.add("DELETE", "/v1/items/{sku}", answer);
    router.add("POST", "/v1/items/import", answer);
    router.add("GET", "/v1/items/{sku}/stock", answer);
    router.add("GET", "/v1/{kind}/all/stock", answer);
    return router;
}

Request request(std::string method, std::string path) {
    Request made;
    made.method = std::move(method);
    made.path = std::move(path);
    return made;
}

std::string header(const Response& response, std::string_view name) {
    for (const auto& [other, value] : response.headers) {
        if (other == name) return value;
    }
    return {};
}

TEST(Router, FindsThePattern) {
    const Router router = make_router();
    const struct {
        const char* method;
        const char* path;
        const char* pattern;
    } rows[] = {
        {"GET", "/", "/"},
        {"GET", "/v1/items", "/v1/items"},
        {"POST", "/v1/items", "/v1/items"},
        {"GET", "/v1/%69tems", "/v1/items"},
        {"HEAD", "/v1/items", "/v1/items"},
        {"GET", "/v1/items/IB1", "/v1/items/{sku}"},
        {"HEAD", "/v1/items/IB1", "/v1/items/{sku}"},
        {"DELETE", "/v1/items/IB1", "/v1/items/{sku}"},
        {"POST", "/v1/items/import", "/v1/items/import"},
        {"GET", "/v1/items/import", "/v1/items/{sku}"},
        {"GET", "/v1/items/IB1/stock", "/v1/items/{sku}/stock"},
        // Exact segments win from the left.
        {"GET", "/v1/items/all/stock", "/v1/items/{sku}/stock"},
        {"GET", "/v1/orders/all/stock", "/v1/{kind}/all/stock"},
    };
    for (const auto& row : rows) {
        Request made = request(row.method, row.path);
        const auto found = router.match(made);
        ASSERT_TRUE(std::holds_alternative<Router::Match>(found)) << row.method << " " << row.path;
        EXPECT_EQ(std::get<Router::Match>(found).pattern, row.pattern) << row.path;
        EXPECT_NE(std::get<Router::Match>(found).handler, nullptr);
    }
}

TEST(Router, DecodesParametersAfterTheSplit) {
    const Router router = make_router();
    const struct {
        const char* path;
        const char* sku;
    } rows[] = {{"/v1/items/IB1", "IB1"},   {"/v1/items/a%2Fb", "a/b"},
                {"/v1/items/a%20b", "a b"}, {"/v1/items/a+b", "a+b"},
                {"/v1/items/%C3%A9", "é"},  {"/v1/items/%252F", "%2F"},
                {"/v1/items/..", ".."},     {"/v1/items/%7Bsku%7D", "{sku}"}};
    for (const auto& row : rows) {
        Request made = request("GET", row.path);
        ASSERT_TRUE(std::holds_alternative<Router::Match>(router.match(made))) << row.path;
        EXPECT_EQ(made.path_parameters.at("sku"), row.sku);
    }
}

TEST(Router, AnswersWhatIsNotInTheTable) {
    const Router router = make_router();
    const struct {
        const char* method;
        const char* path;
        int status;
        const char* allow;
    } rows[] = {
        {"GET", "/v2", 404, ""},
        {"GET", "/v1/items/", 404, ""},
        {"GET", "/v1/items//stock", 404, ""},
        {"GET", "//v1/items", 404, ""},
        {"GET", "/V1/items", 404, ""},
        {"OPTIONS", "/nowhere", 404, ""},
        {"PUT", "/v1/items", 405, "GET, HEAD, OPTIONS, POST"},
        {"POST", "/v1/items/IB1/stock", 405, "GET, HEAD, OPTIONS"},
        {"PATCH", "/v1/items/import", 405, "DELETE, GET, HEAD, OPTIONS, POST"},
        {"OPTIONS", "/v1/items", 204, "GET, HEAD, OPTIONS, POST"},
        {"GET", "/v1/items/%00", 400, ""},
        {"GET", "/v1/items/%FF", 400, ""},
        {"GET", "/v1/items/%4", 400, ""},
        {"GET", "/v1/items/%zz", 400, ""},
    };
    for (const auto& row : rows) {
        Request made = request(row.method, row.path);
        const auto found = router.match(made);
        ASSERT_TRUE(std::holds_alternative<Response>(found)) << row.method << " " << row.path;
        EXPECT_EQ(std::get<Response>(found).status, row.status) << row.path;
        EXPECT_EQ(header(std::get<Response>(found), "Allow"), row.allow) << row.path;
    }
}

TEST(Router, RefusesTheSameRouteTwice) {
    Router router = make_router();
    EXPECT_THROW(router.add("GET", "/v1/items", answer), base::bug);
    EXPECT_THROW(router.add("GET", "v1", answer), base::bug);
}

}  // namespace
}  // namespace stockroom::http
