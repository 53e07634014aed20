#include "stockroom/http/message.hpp"

#include <gtest/gtest.h>

namespace stockroom::http {
namespace {

TEST(RequestHeader, IsEmptyWhenMissingAndJoinsSeveral) {
    Request request;
    request.headers = {{"accept", "a"}, {"host", "h"}, {"accept", "b"}};
    EXPECT_EQ(request.header("host"), "h");
    EXPECT_EQ(request.header("accept"), "a, b");
    EXPECT_FALSE(request.header("etag").has_value());
}

bool is_json_type(std::string type) {
    Request request;
    request.headers = {{"content-type", std::move(type)}};
    return is_json(request);
}

TEST(IsJson, AcceptsJsonInUtf8) {
    for (const auto* type :
         {"application/json", "Application/JSON", "application/json;charset=utf-8",
          "application/json ; charset=\"UTF-8\"", "application/json; v=1", "application/json;",
          "application/json; v=1; charset=utf-8"})
        EXPECT_TRUE(is_json_type(type)) << type;
}

TEST(IsJson, RefusesOtherTypesAndCharsets) {
    for (const auto* type :
         {"", "text/plain", "application/jsonp", "application/problem+json", "json",
          "application/json; charset=latin1", "application/json; charset",
          "application/json, application/json", "text/plain; application/json"})
        EXPECT_FALSE(is_json_type(type)) << type;
    EXPECT_FALSE(is_json(Request{}));
}

}  // namespace
}  // namespace stockroom::http
