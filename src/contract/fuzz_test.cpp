#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "stockroom/base/text.hpp"
#include "stockroom/contract/events.hpp"

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using namespace domain;

constexpr int kMutants = 20'000;

/// Changes texts at random: bytes, pieces of other texts, numbers, brackets.
class Mutator {
  public:
    explicit Mutator(std::uint64_t seed) : random_(seed) {}

    std::string mutate(std::string text, const std::vector<std::string>& others) {
        const std::size_t changes = 1 + below(4);
        for (std::size_t i = 0; i < changes; ++i)
            change(text, others);
        return text;
    }
    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
    }

  private:
    void change(std::string& text, const std::vector<std::string>& others) {
        static constexpr std::string_view kPieces[] = {
            "0",    "-1", "1e400", "9007199254740992", "null",    "true", "\"\"", "{}", "[]",
            ",",    "}",  "]",     "\\u0000",          "\\ud800", "\xff", "\x7f", "é",  "\"a\":",
            "main", "\n", "5.0"};
        const std::size_t at = below(text.size() + 1);
        switch (below(5)) {
            case 0:
                if (at < text.size()) text[at] = static_cast<char>(below(256));
                return;
            case 1:
                text.erase(at, below(20));
                return;
            case 2:
                text.insert(at, kPieces[below(std::size(kPieces))]);
                return;
            case 3: {  // a value becomes another
                const std::size_t colon = text.find(':', at);
                const std::size_t end = text.find_first_of(",}]", colon);
                if (end == std::string::npos) return;
                text.replace(colon + 1, end - colon - 1, kPieces[below(std::size(kPieces))]);
                return;
            }
            default: {
                const std::string& other = others[below(others.size())];
                text.insert(at, other.substr(below(other.size()), below(60)));
            }
        }
    }

    std::mt19937_64 random_;
};

std::uint64_t fresh_seed() {
    const std::uint64_t seed = std::random_device{}();
    ::testing::Test::RecordProperty("seed", std::to_string(seed));
    std::cout << "seed " << seed << '\n';
    return seed;
}

std::vector<std::string> command_texts() {
    std::vector<std::string> texts;
    texts.reserve(testing::kAllKinds.size() + 1);
    for (const auto kind : testing::kAllKinds)
        texts.push_back(testing::command_text(kind, testing::full_body(kind)));
    texts.push_back("[" + texts[0] + "," + texts[6] + "]");
    return texts;
}

TEST(Fuzz, WhatIsReadAsJsonIsWrittenStably) {
    const std::uint64_t seed = fresh_seed();
    Mutator mutator(seed);
    const auto texts = command_texts();
    int accepted = 0;
    for (int i = 0; i < kMutants; ++i) {
        const std::string text = mutator.mutate(texts[mutator.below(texts.size())], texts);
        const auto value = read_json(text);
        if (!value) {
            ASSERT_FALSE(value.error().detail.empty()) << "seed " << seed << ": " << text;
            continue;
        }
        ++accepted;
        std::string once;
        append_json(once, *value);
        ASSERT_TRUE(base::is_utf8(once)) << "seed " << seed << ": " << text;
        const auto again = read_json(once);
        ASSERT_TRUE(again) << "seed " << seed << ": " << text;
        std::string twice;
        append_json(twice, *again);
        ASSERT_EQ(once, twice) << "seed " << seed << ": " << text;
    }
    EXPECT_GT(accepted, 0) << "seed " << seed;
}

/// Checks what every readable command keeps to; returns whether its body was right.
bool check_command(const ReadCommand& read) {
    if (!read.command) {
        EXPECT_FALSE(read.command.error().detail.empty());
        EXPECT_TRUE(base::is_utf8(read.command.error().field));
        return false;
    }
    const std::string text = encode_command(*read.command);
    const auto again = decode_message(text);
    EXPECT_TRUE(again.size() == 1 && again[0] && again[0]->command) << text;
    if (!again[0] || !again[0]->command) return false;
    EXPECT_EQ(encode_command(*again[0]->command), text);
    EXPECT_EQ(again[0]->fingerprint, read.fingerprint) << text;
    return true;
}

TEST(Fuzz, EveryMessageIsAnsweredAndWhatIsReadIsWrittenStably) {
    const std::uint64_t seed = fresh_seed();
    Mutator mutator(seed);
    const auto texts = command_texts();
    int accepted = 0;
    for (int i = 0; i < kMutants && !HasFailure(); ++i) {
        const std::string text = mutator.mutate(texts[mutator.below(texts.size())], texts);
        const auto commands = decode_message(text);
        ASSERT_FALSE(commands.empty()) << "seed " << seed << ": " << text;
        for (const auto& command : commands) {
            if (command) {
                accepted += check_command(*command) ? 1 : 0;
            } else {
                EXPECT_FALSE(command.error().reason.empty());
            }
        }
        EXPECT_FALSE(HasFailure()) << "seed " << seed << ": " << text;
    }
    EXPECT_GT(accepted, 0) << "seed " << seed;
}

TEST(Fuzz, OutcomesThatAreReadAreWrittenStably) {
    const std::uint64_t seed = fresh_seed();
    Mutator mutator(seed);
    std::vector<std::string> texts;
    for (const auto kind : testing::kAllKinds) {
        for (const auto& code : testing::codes_of(kind)) {
            texts.push_back(encode_outcome(
                testing::uuid(), kind,
                testing::outcome(code, testing::sample_result(kind), "lines[0]",
                                 {{.sku = testing::sku("A"), .wanted = 5, .available = 2}}, "d")));
        }
    }
    int accepted = 0;
    for (int i = 0; i < kMutants; ++i) {
        const std::string text = mutator.mutate(texts[mutator.below(texts.size())], texts);
        const auto outcome = decode_outcome(text);
        if (!outcome) {
            ASSERT_FALSE(outcome.error().empty()) << "seed " << seed << ": " << text;
            continue;
        }
        ++accepted;
        const std::string once = encode_outcome(outcome->id, outcome->kind, outcome->outcome);
        const auto again = decode_outcome(once);
        ASSERT_TRUE(again) << "seed " << seed << ": " << text << "\n" << once;
        ASSERT_EQ(encode_outcome(again->id, again->kind, again->outcome), once)
            << "seed " << seed << ": " << text;
    }
    EXPECT_GT(accepted, 0) << "seed " << seed;
}

TEST(Fuzz, EventsThatAreReadAreWrittenStably) {
    const std::uint64_t seed = fresh_seed();
    Mutator mutator(seed);
    CloudEvent event{.position = 42,
                     .type = "order.reserved",
                     .key = "order/1",
                     .version = 3,
                     .command = testing::uuid(),
                     .actor = "user:1",
                     .at = testing::time(1),
                     .data = encode_outcome(
                         testing::uuid(), CommandKind::place_order,
                         testing::outcome(PlaceOrderOutcome::reserved, testing::sample_order()))};
    std::vector<std::string> texts{encode_events({&event, 1})};
    event.data = R"({"name":"\"é\\\n\u0001","big":123456789012345678901234567890,"e":[1E+400]})";
    event.command.reset();
    texts.push_back(encode_events(std::vector{event, event}));
    texts.push_back(encode_events(std::vector{make_heartbeat(7, testing::time(2)), event}));
    int accepted = 0;
    for (int i = 0; i < kMutants; ++i) {
        const std::string text = mutator.mutate(texts[mutator.below(texts.size())], texts);
        const auto events = decode_events(text);
        if (!events) {
            ASSERT_FALSE(events.error().empty()) << "seed " << seed << ": " << text;
            continue;
        }
        ++accepted;
        const auto again = decode_events(encode_events(*events));
        ASSERT_TRUE(again) << "seed " << seed << ": " << text << "\n" << again.error();
        ASSERT_EQ(*again, *events) << "seed " << seed << ": " << text;
    }
    EXPECT_GT(accepted, 0) << "seed " << seed;
}

TEST(Fuzz, BytesOfAnyKindAreAnswered) {
    const std::uint64_t seed = fresh_seed();
    Mutator mutator(seed);
    for (int i = 0; i < kMutants; ++i) {
        std::string text(mutator.below(64), '\0');
        for (char& c : text)
            c = static_cast<char>(mutator.below(256));
        ASSERT_EQ(decode_message(text).size(), 1U) << "seed " << seed << ", message " << i;
        ASSERT_FALSE(decode_outcome(text)) << "seed " << seed << ", message " << i;
        const auto events = decode_events(text);
        ASSERT_TRUE(!events || events->empty()) << "seed " << seed << ", message " << i;
    }
}

}  // namespace
}  // namespace stockroom::contract
