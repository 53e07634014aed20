#include "generator_answers.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io_fixture.hpp"

namespace stockroom::gateway {
namespace {

constexpr const char* kStopped = R"({"state":"stopped","made":0})";

class GeneratorAnswersTest : public IoFixture {
  protected:
    PeerAnswer told_{.status = 200, .body = kStopped};
    std::vector<std::string> asked_;
    const Peer peer_{[this](const PeerRequest& request) {
        asked_.push_back(request.method + " " + request.target);
        return told_;
    }};
    GeneratorAnswers answers_{context_, peer_};
};

TEST_F(GeneratorAnswersTest, PassesOnWhatTheGeneratorSays) {
    http::Request request;
    request.body = "{}";
    for (const auto& response :
         {receive(spawn(answers_.get())), receive(spawn(answers_.start(request))),
          receive(spawn(answers_.stop({})))}) {
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.body, kStopped);
    }
    EXPECT_THAT(asked_, testing::ElementsAre("GET /v1/generator", "POST /v1/generator/start",
                                             "POST /v1/generator/stop"));
}

TEST_F(GeneratorAnswersTest, RefusesABodyThatSaysMore) {
    for (const auto& [body, status] : {std::pair("x", 400), {"[]", 400}, {R"({"every":1})", 422}}) {
        http::Request request;
        request.body = body;
        EXPECT_EQ(receive(spawn(answers_.start(request))).status, status) << body;
        EXPECT_EQ(receive(spawn(answers_.stop(request))).status, status) << body;
    }
    EXPECT_THAT(asked_, testing::IsEmpty());
}

TEST_F(GeneratorAnswersTest, SaysThatItDoesNotAnswer) {
    told_.status = 500;
    const auto response = receive(spawn(answers_.get()));
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.body, testing::HasSubstr("it answers 500"));

    const Peer nobody;
    GeneratorAnswers without(context_, nobody);
    const auto alone = receive(spawn(without.start({})));
    EXPECT_EQ(alone.status, 503);
    EXPECT_THAT(alone.body, testing::HasSubstr("this gateway was not told where it is"));
}

}  // namespace
}  // namespace stockroom::gateway
