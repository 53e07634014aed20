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

bool wants_json_for(std::string accept) {
    Request request;
    request.headers = {{"accept", std::move(accept)}};
    return wants_json(request);
}

TEST(WantsJson, WhenJsonIsNamedAndNoTextIsRather) {
    for (const auto* accept :
         {"application/json", "Application/JSON", "application/json, text/plain, */*",
          "text/html, application/json;q=0.9, */*;q=0.8", "application/json;q=0.001",
          "text/plain;q=0.5, application/json;q=0.500", "application/json;charset=utf-8",
          "application/json;q=x", "text/plain;q=0, application/json; q=0.1"})
        EXPECT_TRUE(wants_json_for(accept)) << accept;
}

TEST(WantsJson, NotWhenTextIsRatherOrNothingIsSaid) {
    for (const auto* accept :
         {"", ",", "*/*", "application/*", "text/plain", "text/html", "application/jsonp",
          "application/json;q=0", "application/json;q=0.000", "application/json;q=0.",
          "application/json;q=0.5, text/plain", "text/plain;q=0.51, application/json;q=0.5",
          // Prometheus's own.
          "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
          "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
          "application/openmetrics-text;version=1.0.0,application/json;q=0.5"})
        EXPECT_FALSE(wants_json_for(accept)) << accept;
    EXPECT_FALSE(wants_json(Request{}));
}

}  // namespace
}  // namespace stockroom::http
