#include "generator_answers.hpp"

#include <string>
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
    for (auto answer :
         {&GeneratorAnswers::get, &GeneratorAnswers::start, &GeneratorAnswers::stop}) {
        const auto response = receive(spawn((answers_.*answer)()));
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.body, kStopped);
    }
    EXPECT_THAT(asked_, testing::ElementsAre("GET /v1/generator", "POST /v1/generator/start",
                                             "POST /v1/generator/stop"));
}

TEST_F(GeneratorAnswersTest, SaysThatItDoesNotAnswer) {
    told_.status = 500;
    const auto response = receive(spawn(answers_.get()));
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.body, testing::HasSubstr("it answers 500"));

    const Peer nobody;
    GeneratorAnswers without(context_, nobody);
    const auto alone = receive(spawn(without.start()));
    EXPECT_EQ(alone.status, 503);
    EXPECT_THAT(alone.body, testing::HasSubstr("this gateway was not told where it is"));
}

}  // namespace
}  // namespace stockroom::gateway
