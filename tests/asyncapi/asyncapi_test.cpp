#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/events.hpp"
#include "stockroom/contract/names.hpp"

namespace stockroom {
namespace {

/// The payloads of the examples in api/asyncapi.yaml, by the names of their messages.
const std::multimap<std::string, std::string>& examples() {
    static const auto all = [] {
        std::ifstream file(ASYNCAPI_EXAMPLES);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        std::multimap<std::string, std::string> payloads;
        const auto list = contract::read_json(text).value();
        for (const auto& example : *list.as<contract::JsonValue::Array>()) {
            std::string payload;
            contract::append_json(payload, *example.find("payload"));
            payloads.emplace(*example.find("message")->as<std::string>(), std::move(payload));
        }
        return payloads;
    }();
    return all;
}

void expect_commands(const std::string& payload, std::string_view kind) {
    for (const auto& read : contract::decode_message(payload)) {
        ASSERT_TRUE(read) << payload << read.error().reason;
        ASSERT_TRUE(read->command)
            << payload << read->command.error().field << read->command.error().detail;
        if (!kind.empty()) EXPECT_EQ(contract::to_string(read->kind), kind);
    }
}

void expect_events(const std::string& payload, std::string_view type) {
    const auto events = contract::decode_events(payload);
    ASSERT_TRUE(events) << payload << events.error();
    ASSERT_FALSE(events->empty());
    for (const auto& event : *events)
        EXPECT_EQ(event.type, type);
    // The members may stand in any order; what they say is what we would write.
    const auto ours = contract::decode_events(contract::encode_events(*events));
    EXPECT_EQ(ours, events);
}

void expect_outcomes(const std::string& payload) {
    const auto outcomes = contract::decode_outcomes(payload);
    ASSERT_FALSE(outcomes.empty());
    for (const auto& outcome : outcomes)
        EXPECT_TRUE(outcome) << payload << outcome.error();
}

TEST(AsyncApi, EveryExampleIsDecoded) {
    for (const auto& [name, payload] : examples()) {
        SCOPED_TRACE(name);
        if (contract::parse_command_kind(name)) {
            expect_commands(payload, name);
        } else if (contract::parse_event_type(name) || name == contract::kHeartbeatType) {
            expect_events(payload, name);
        } else if (name == "several") {
            expect_commands(payload, {});
        } else if (name == "outcome") {
            expect_outcomes(payload);
        } else {
            EXPECT_EQ(name, "dead_letter");  // holds anything
        }
    }
}

TEST(AsyncApi, EveryCommandAndEventHasAnExample) {
    for (std::size_t kind = 0; kind < std::variant_size_v<domain::CommandBody>; ++kind) {
        const auto name = contract::to_string(static_cast<domain::CommandKind>(kind));
        EXPECT_TRUE(examples().contains(std::string(name))) << name;
    }
    // Enumerators count from 0, so the last tells where the enum ends.
    for (int type = 0; type <= static_cast<int>(domain::EventType::health_changed); ++type) {
        const auto name = contract::to_string(static_cast<domain::EventType>(type));
        EXPECT_TRUE(examples().contains(std::string(name))) << name;
    }
    for (const auto* name : {"several", "outcome", "dead_letter", "relay.heartbeat"})
        EXPECT_TRUE(examples().contains(name)) << name;
}

TEST(AsyncApi, EventsAreAboutWhatTheySay) {
    for (const auto& [name, payload] : examples()) {
        if (!contract::parse_event_type(name)) continue;
        for (const auto& event : contract::decode_events(payload).value()) {
            const auto data = contract::read_json(event.data);
            ASSERT_TRUE(data) << name;
            const auto* version = data->find("version");
            EXPECT_EQ(version == nullptr ? "1" : version->as<contract::JsonValue::Number>()->text,
                      std::to_string(event.version))
                << name;
        }
    }
}

}  // namespace
}  // namespace stockroom
