#include "health_answers.hpp"

#include <gtest/gtest.h>

#include "stockroom/contract/json.hpp"

#include "io_fixture.hpp"

namespace stockroom::gateway {
namespace {

constexpr const char* kAllIsWell =
    R"({"state":"up","parts":[{"name":"health","kind":"service","state":"up"},)"
    R"({"name":"orders","kind":"service","state":"up"}]})";

class HealthAnswersTest : public IoFixture {
  protected:
    PeerAnswer told_{.status = 200, .body = kAllIsWell};
    const Peer peer_{[this](const PeerRequest& request) {
        EXPECT_EQ(request.target, "/v1/health");
        return told_;
    }};
    HealthAnswers answers_{context_, peer_};

    http::Response get() { return receive(spawn(answers_.get_health())); }

    static std::string member(const contract::JsonValue& part, std::string_view name) {
        const auto* value = part.find(name);
        return value == nullptr ? "" : *value->as<std::string>();
    }
};

TEST_F(HealthAnswersTest, PassesOnWhatTheHealthServiceSays) {
    const auto response = get();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, kAllIsWell);
}

TEST_F(HealthAnswersTest, SaysThatItIsDownAndTheRestUnknown) {
    (void)get();
    told_ = {.status = 503, .body = "{}"};
    const auto json = contract::read_json(get().body);
    ASSERT_TRUE(json);
    EXPECT_EQ(member(*json, "state"), "unknown");
    const auto& parts = *json->find("parts")->as<contract::JsonValue::Array>();
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(member(parts[0], "name"), "health");
    EXPECT_EQ(member(parts[0], "state"), "down");
    EXPECT_EQ(member(parts[0], "cause"), "it answers 503");
    EXPECT_EQ(member(parts[1], "name"), "orders");
    EXPECT_EQ(member(parts[1], "state"), "unknown");
}

TEST_F(HealthAnswersTest, SaysThatItKnowsNoHealthService) {
    const Peer none;
    HealthAnswers answers(context_, none);
    const auto json = contract::read_json(receive(spawn(answers.get_health())).body);
    ASSERT_TRUE(json);
    const auto& parts = *json->find("parts")->as<contract::JsonValue::Array>();
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_EQ(member(parts[0], "cause"), "this gateway was not told where it is");
}

TEST_F(HealthAnswersTest, SaysThatNothingListensThere) {
    const Peer away(*http_client::ServerUrl::parse("http://127.0.0.1:1"));
    HealthAnswers answers(context_, away);
    const auto json = contract::read_json(receive(spawn(answers.get_health())).body);
    ASSERT_TRUE(json);
    const auto& parts = *json->find("parts")->as<contract::JsonValue::Array>();
    EXPECT_EQ(member(parts.at(0), "cause"), "cannot reach http://127.0.0.1:1: Connection refused");
}

TEST_F(HealthAnswersTest, AsksEachOfSeveral) {
    const Peer away(std::vector{*http_client::ServerUrl::parse("http://127.0.0.1:1"),
                                *http_client::ServerUrl::parse("http://127.0.0.1:2")});
    HealthAnswers answers(context_, away);
    const auto json = contract::read_json(receive(spawn(answers.get_health())).body);
    ASSERT_TRUE(json);
    const auto& parts = *json->find("parts")->as<contract::JsonValue::Array>();
    EXPECT_EQ(member(parts.at(0), "cause"),
              "cannot reach http://127.0.0.1:1: Connection refused; "
              "cannot reach http://127.0.0.1:2: Connection refused");
}

}  // namespace
}  // namespace stockroom::gateway
