#include "judge.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "stockroom/contract/names.hpp"

namespace stockroom::health {
namespace {

using domain::PartState;

/// U, D, G and ? are findings: up, down, degraded and unknown.
Finding finding_of(char letter) {
    switch (letter) {
        case 'U':
            return {};
        case 'D':
            return {PartState::down, "gone"};
        case 'G':
            return {PartState::degraded, "slow"};
        default:
            return {PartState::unknown, "cannot be asked"};
    }
}

char letter_of(PartState state) {
    return "UGD?"[static_cast<int>(state)];
}

/// The state after each finding, a second apart.
std::string states(Judge& judge, std::string_view findings) {
    std::string states;
    base::Time at;
    for (const char letter : findings) {
        (void)judge.note(finding_of(letter), at);
        at = at.plus(std::chrono::seconds(1));
        states += letter_of(judge.state());
    }
    return states;
}

TEST(Judge, DecidesByThreeFindingsInARow) {
    struct Row {
        std::string_view findings;
        std::string_view states;
    };
    const Row rows[] = {
        {"U", "U"},
        {"UDD", "UUU"},
        {"UDDD", "UUUD"},
        {"UDDUDDU", "UUUUUUU"},
        {"UDDDUU", "UUUDDD"},
        {"UDDDUUU", "UUUDDDU"},
        {"UDDDUUDUUU", "UUUDDDDDDU"},
        // Three that are not as it is decide, and the last of them says what it is.
        {"UGDD", "UUUD"},
        {"UDDG", "UUUG"},
        {"UDG?", "UUU?"},
        {"UDDDGGG", "UUUDDDG"},
        {"U???UUU", "UUU???U"},
        // Until it was up once, nothing is said too soon.
        {"DDDDD", "?????"},
        {"DDDDU", "????U"},
        {"??DD??U", "??????U"},
        {"DDDDDDDDDDDDDDD", "??????????????D"},
        {"DDDDDDDDDDDDDDDU", "??????????????DU"},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.findings);
        Judge judge;
        EXPECT_EQ(states(judge, row.findings), row.states);
    }
}

TEST(Judge, WhatWasInTroubleBeforeIsNotDoubtedForLong) {
    for (const auto& [findings, expected] :
         {std::pair("DDD", "??D"), std::pair("DDU", "??U"), std::pair("DDDU", "??DU")}) {
        Judge judge;
        judge.expect_trouble();
        EXPECT_EQ(states(judge, findings), expected);
    }
}

TEST(Judge, SaysSinceWhenAndWhatItWas) {
    Judge judge;
    (void)states(judge, "U");
    const auto at = [](int second) { return base::Time().plus(std::chrono::seconds(second)); };
    EXPECT_FALSE(judge.note(finding_of('D'), at(10)));
    EXPECT_FALSE(judge.note(finding_of('G'), at(11)));
    const auto verdict = judge.note(finding_of('D'), at(12));
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->was, PartState::up);
    EXPECT_EQ(verdict->finding.state, PartState::down);
    EXPECT_EQ(verdict->finding.cause, "gone");
    EXPECT_EQ(verdict->since, at(10));
    EXPECT_FALSE(judge.note(finding_of('D'), at(13))) << "it is known";
}

TEST(Judge, IsInDoubtFromTheFirstFailureUntilItIsUp) {
    Judge judge;
    EXPECT_TRUE(judge.is_in_doubt()) << "nothing is known yet";
    (void)states(judge, "U");
    EXPECT_FALSE(judge.is_in_doubt());
    (void)states(judge, "D");
    EXPECT_TRUE(judge.is_in_doubt());
    (void)states(judge, "U");
    EXPECT_FALSE(judge.is_in_doubt());
    (void)states(judge, "DDD");
    EXPECT_TRUE(judge.is_in_doubt()) << "so that its coming back is seen soon";
    (void)states(judge, "UUU");
    EXPECT_FALSE(judge.is_in_doubt());
}

}  // namespace
}  // namespace stockroom::health
