#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using namespace domain;
using ::testing::StartsWith;

constexpr std::string_view kLocation = R"({"code":"north"})";

TEST(DecodeMessage, ReadsACommandOfEveryKindAsItWasWritten) {
    for (const auto kind : testing::kAllKinds) {
        const std::string text = testing::command_text(kind, testing::full_body(kind));
        const auto commands = decode_message(text);
        ASSERT_EQ(commands.size(), 1U);
        ASSERT_TRUE(commands[0] && commands[0]->command) << text;
        const Command& command = *commands[0]->command;
        EXPECT_EQ(commands[0]->kind, kind);
        EXPECT_EQ(command.kind(), kind);
        EXPECT_EQ(command.id, testing::uuid("01938a1e-4c00-7000-8000-0000000000aa"));
        EXPECT_EQ(command.actor, "user:1");
        EXPECT_EQ(command.at, base::Time::parse("2026-11-21T10:00:00Z"));
        EXPECT_EQ(encode_command(command), text);
    }
}

TEST(DecodeMessage, DoesWithoutATimeAndPassesUnknownMembersOver) {
    const auto commands = decode_message(
        R"({"kind":"create_location","trace":"x","actor":"a","body":{"code":"north"},)"
        R"("id":"01938a1e-4c00-7000-8000-0000000000aa"})");
    ASSERT_TRUE(commands[0] && commands[0]->command);
    EXPECT_EQ(commands[0]->command->at, std::nullopt);
    EXPECT_EQ(encode_command(*commands[0]->command),
              R"({"id":"01938a1e-4c00-7000-8000-0000000000aa","kind":"create_location",)"
              R"("actor":"a","body":{"code":"north"}})");
}

TEST(DecodeMessage, ReadsArraysElementByElement) {
    const std::string good = testing::command_text(CommandKind::create_location, kLocation);
    const std::string wrong = testing::command_text(CommandKind::create_location, "{}");
    const auto commands = decode_message("[" + good + "," + wrong + ",{\"id\":1}," + good + "]");
    ASSERT_EQ(commands.size(), 4U);
    EXPECT_TRUE(commands[0] && commands[0]->command);
    ASSERT_TRUE(commands[1]);
    EXPECT_EQ(commands[1]->command.error().field, "code");
    ASSERT_FALSE(commands[2]);
    EXPECT_EQ(commands[2].error().text, "{\"id\":1}");
    EXPECT_TRUE(commands[3] && commands[3]->command);
}

TEST(DecodeMessage, TakesOneTo256Commands) {
    const auto message = [](std::size_t count) {
        std::string text = "[";
        for (std::size_t i = 0; i < count; ++i) {
            text += (i == 0 ? "" : ",");
            text += testing::command_text(CommandKind::create_location, kLocation);
        }
        return text + "]";
    };
    EXPECT_EQ(decode_message(message(1)).size(), 1U);
    EXPECT_EQ(decode_message(message(256)).size(), 256U);
    for (const std::size_t count : {std::size_t{0}, std::size_t{257}}) {
        const auto commands = decode_message(message(count));
        ASSERT_EQ(commands.size(), 1U);
        ASSERT_FALSE(commands[0]);
        EXPECT_THAT(commands[0].error().reason, StartsWith("a message has 1 to 256 commands"));
        EXPECT_EQ(commands[0].error().text, message(count));
    }
}

TEST(DecodeMessage, GivesTheReasonWhenNothingCanBeRead) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", "line 1, column 1: the text ends too early"},
        {"hello", "line 1, column 1: this is not JSON in UTF-8"},
        {R"({"id":1,"id":1})", "id: line 1, column 15: the object has this name twice"},
        {"5", "a command must be an object"},
        {"null", "a command must be an object"},
        {"{}", "the command has no id"},
        {R"({"id":7})", "the command's id must be a UUID"},
        {R"({"id":"abc","kind":"create_item"})", "the command's id must be a UUID"},
        {R"({"id":"01938a1e-4c00-7000-8000-0000000000aa"})", "the command has no kind"},
        {R"({"id":"01938a1e-4c00-7000-8000-0000000000aa","kind":5})", "the command has no kind"},
        {R"({"id":"01938a1e-4c00-7000-8000-0000000000aa","kind":"sing"})",
         "the command's kind is not known"},
    };
    for (const auto& [text, reason] : cases) {
        const auto commands = decode_message(text);
        ASSERT_EQ(commands.size(), 1U) << text;
        ASSERT_FALSE(commands[0]) << text;
        EXPECT_THAT(commands[0].error().reason, StartsWith(reason)) << text;
        EXPECT_EQ(commands[0].error().text, text);
    }
}

TEST(DecodeMessage, SaysWhatIsInvalidWhenIdAndKindCanBeRead) {
    const std::string start =
        R"({"id":"01938a1e-4c00-7000-8000-0000000000aa","kind":"create_location")";
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"(,"body":{"code":"n"}})", "actor"},
        {R"(,"actor":"","body":{"code":"n"}})", "actor"},
        {R"(,"actor":5,"body":{"code":"n"}})", "actor"},
        {R"(,"actor":"a"})", "body"},
        {R"(,"actor":"a","at":"yesterday","body":{"code":"n"}})", "at"},
        {R"(,"actor":"a","at":5,"body":{"code":"n"}})", "at"},
        {R"(,"actor":"a","body":5})", ""},
        {R"(,"actor":"a","body":{"code":"n","colour":"red"}})", "colour"},
    };
    for (const auto& [rest, field] : cases) {
        const auto commands = decode_message(start + std::string(rest));
        ASSERT_TRUE(commands[0]) << rest;
        ASSERT_FALSE(commands[0]->command) << rest;
        EXPECT_EQ(commands[0]->command.error().field, field) << rest;
        EXPECT_NE(commands[0]->command.error().detail, "") << rest;
    }
    const std::string long_actor =
        R"(,"actor":")" + std::string(101, 'a') + R"(","body":{"code":"n"}})";
    EXPECT_EQ(decode_message(start + long_actor)[0]->command.error().field, "actor");
}

base::Fingerprint fingerprint_of(CommandKind kind, std::string_view body) {
    return decode_message(testing::command_text(kind, body))[0]->fingerprint;
}

TEST(Fingerprint, IsTheSameForAllSpellingsAndOtherForAllElse) {
    using enum CommandKind;
    EXPECT_EQ(fingerprint_of(create_item, R"({"sku":"A","price":"25"})"),
              fingerprint_of(create_item, R"({"price":25.00,"sku":"A"})"));
    EXPECT_NE(fingerprint_of(create_item, R"({"sku":"A"})"),
              fingerprint_of(create_item, R"({"sku":"a"})"));
    EXPECT_NE(fingerprint_of(create_item, R"({"sku":"A"})"),
              fingerprint_of(change_item, R"({"sku":"A"})"));
    EXPECT_EQ(fingerprint_of(create_item, R"({"sku":""})"),
              fingerprint_of(create_item, R"({ "sku" : "" })"));
    EXPECT_NE(fingerprint_of(create_item, R"({"sku":""})"), fingerprint_of(create_item, "{}"));
}

TEST(SplitMessage, GivesEachElementOfAnArrayAsItStands) {
    const auto parts = split_message(
        R"([{"id":"01938a1e-4c00-7000-8000-0000000000aa","n":1.50,"t":"a,]\"[b"}, [1,[2]], "x"])");
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[0].bytes,
              R"({"id":"01938a1e-4c00-7000-8000-0000000000aa","n":1.50,"t":"a,]\"[b"})");
    EXPECT_EQ(parts[0].id, testing::uuid("01938a1e-4c00-7000-8000-0000000000aa"));
    EXPECT_EQ(parts[1].bytes, "[1,[2]]");
    EXPECT_EQ(parts[1].id, std::nullopt);
    EXPECT_EQ(parts[2].bytes, R"("x")");
}

TEST(SplitMessage, LeavesAllElseWhole) {
    std::string too_many = "[0";
    for (std::size_t i = 0; i < kMaxCommandsPerMessage; ++i)
        too_many += ",0";
    for (const auto& whole : {std::string("{}"), std::string("[{}]"), std::string("[]"),
                              std::string("[1,2"), std::string("7"), too_many + "]"})
        EXPECT_TRUE(split_message(whole).empty()) << whole;
}

TEST(DecodeMessage, ReadsAMessageOfTwoMebibytes) {
    std::string body = R"({"lines":[)";
    for (int i = 0; i < 1'000; ++i) {
        body += (i == 0 ? "" : ",");
        body += R"({"sku":")" + std::string(60, 'S') + std::to_string(i) + R"(","quantity":1})";
    }
    body += "]}";
    std::string message = "[";
    while (message.size() < (std::size_t{2} << 20U))
        message += testing::command_text(CommandKind::place_order, body) + ",";
    message.back() = ']';
    const auto commands = decode_message(message);
    EXPECT_GT(commands.size(), 20U);
    for (const auto& command : commands)
        EXPECT_TRUE(command && command->command);
}

}  // namespace
}  // namespace stockroom::contract
