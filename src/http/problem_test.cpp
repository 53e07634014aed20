#include "stockroom/http/problem.hpp"

#include <gtest/gtest.h>

namespace stockroom::http {
namespace {

TEST(ToResponse, WritesEveryMember) {
    const Response response = to_response({.status = 422,
                                           .type = "invalid_field",
                                           .title = "A field is invalid",
                                           .detail = "must be \"whole\"",
                                           .field = "lines[3].quantity",
                                           .extension = R"("order_id":"7")"});
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_EQ(response.body,
              R"({"type":"/problems/invalid_field","title":"A field is invalid","status":422,)"
              R"("detail":"must be \"whole\"","field":"lines[3].quantity","order_id":"7"})");
    EXPECT_TRUE(response.headers.empty());
}

TEST(ToResponse, LeavesOutWhatIsEmpty) {
    const Response response = to_response({.status = 404, .type = "not_found", .title = "None"});
    EXPECT_EQ(response.body, R"({"type":"/problems/not_found","title":"None","status":404})");
}

TEST(ToResponse, TellsWhenToTryAgain) {
    for (const int status : {429, 503}) {
        const Response response = to_response({.status = status, .type = "t", .title = "T"});
        ASSERT_EQ(response.headers.size(), 1U);
        EXPECT_EQ(response.headers[0].first, "Retry-After");
        EXPECT_EQ(response.headers[0].second, "1");
    }
}

}  // namespace
}  // namespace stockroom::http
