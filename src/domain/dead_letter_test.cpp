#include "testing/world.hpp"

namespace stockroom::domain {
namespace {

using namespace testing;
using State = DeadLetterState;

DeadLetter letter(State state, std::string queue = "stockroom.orders") {
    return {.id = id(7),
            .queue = std::move(queue),
            .kind = "place_order",
            .reason = "it broke",
            .state = state,
            .count = 1,
            .size = 4,
            .first_at = second(1),
            .last_at = second(1),
            .message = "m-1",
            .version = 3};
}

DeadLetterArrival arrival(std::string message) {
    return {.id = id(7),
            .queue = "stockroom.orders",
            .kind = "place_order",
            .reason = "it broke again",
            .redeliveries = 2,
            .message = std::move(message),
            .again = false,
            .bytes = "what came"};
}

World with(DeadLetter known) {
    return World().put(std::move(known)).clock(50);
}

const ReplayDeadLetter kReplay{id(7), "mended"};
const DiscardDeadLetter kDiscard{id(7), "nonsense"};

TEST(ReplayDeadLetter, Decides) {
    using enum ReplayDeadLetterOutcome;
    expect_rows<ReplayDeadLetterOutcome>(
        {{"unknown", World(), ReplayDeadLetter{id(98), ""}, dead_letter_not_found},
         {"under way", with(letter(State::replaying)), kReplay, wrong_state},
         {"sent already", with(letter(State::replayed)), kReplay, wrong_state},
         {"done with", with(letter(State::discarded)), kReplay, wrong_state},
         {"done with, from nowhere", with(letter(State::discarded, "")), kReplay, wrong_state},
         {"from nowhere", with(letter(State::waiting, "")), kReplay, queue_unknown},
         {"waiting", with(letter(State::waiting)), kReplay, replaying}},
        replaying);
}

TEST(DiscardDeadLetter, Decides) {
    using enum DiscardDeadLetterOutcome;
    expect_rows<DiscardDeadLetterOutcome>(
        {{"unknown", World(), DiscardDeadLetter{id(98), "x"}, dead_letter_not_found},
         {"under way", with(letter(State::replaying)), kDiscard, wrong_state},
         {"sent already", with(letter(State::replayed)), kDiscard, wrong_state},
         {"done with", with(letter(State::discarded)), kDiscard, wrong_state},
         {"from nowhere", with(letter(State::waiting, "")), kDiscard, discarded},
         {"waiting", with(letter(State::waiting)), kDiscard, discarded}},
        discarded);
}

TEST(ReplayDeadLetter, SaysWhoWantedItWhenAndWhy) {
    const Decision decision = with(letter(State::waiting)).decide(kReplay);
    DeadLetter expected = letter(State::replaying);
    expected.version = 4;
    expected.decision = {.actor = "user:test", .reason = "mended", .at = second(50)};
    EXPECT_EQ(decision.changes.dead_letters, std::vector{expected});
    EXPECT_EQ(decision.outcome.result, Result(expected));
    ASSERT_EQ(decision.changes.events.size(), 1U);
    const Event& event = decision.changes.events.front();
    EXPECT_EQ(event.type, EventType::dead_letter_replaying);
    EXPECT_EQ(std::get<DeadLetter>(event.state), expected);
    EXPECT_EQ(event.actor, "user:test");
}

TEST(KeepDeadLetter, KeepsWhatIsNewAndItsBody) {
    World world;
    Snapshot snapshot = world.clock(50).snapshot();
    snapshot.add_missing_dead_letter(id(7));
    const Changes changes = keep_dead_letter(snapshot, arrival("m-1"));
    DeadLetter expected = letter(State::waiting);
    expected.reason = "it broke again";
    expected.redeliveries = 2;
    expected.size = 9;
    expected.first_at = expected.last_at = second(50);
    expected.version = 1;
    expected.bytes = "what came";
    EXPECT_EQ(changes.dead_letters, std::vector{expected});
    ASSERT_EQ(changes.events.size(), 1U);
    EXPECT_EQ(changes.events[0].type, EventType::dead_letter_waiting);
    EXPECT_EQ(changes.events[0].actor, kDeadLetterActor);
    EXPECT_EQ(std::get<DeadLetter>(changes.events[0].state).bytes, "");
}

/// What becomes of a known letter when it comes once more.
struct Again {
    std::string name;
    DeadLetter known;
    DeadLetterArrival comes;
    std::int64_t count;  // 0: nothing changes
};

DeadLetterArrival given_out_before(DeadLetterArrival comes) {
    comes.again = true;
    return comes;
}

DeadLetter known_by(DeadLetter known, std::string message) {
    known.message = std::move(message);
    return known;
}

TEST(KeepDeadLetter, CountsEachDeathOnce) {
    const std::vector<Again> rows{
        {"the same delivery once more", letter(State::waiting), given_out_before(arrival("m-1")),
         0},
        {"another of the same name", letter(State::waiting), arrival("m-1"), 2},
        {"another, given out before", letter(State::waiting), given_out_before(arrival("m-2")), 2},
        {"known by nothing", known_by(letter(State::waiting), kUnknownMessage),
         given_out_before(arrival("")), 2},
        {"written down by its service", known_by(letter(State::waiting), ""), arrival("m-2"), 1},
        {"under way again", letter(State::replaying), arrival("m-2"), 2},
        {"replayed, and dead again", letter(State::replayed), arrival("m-2"), 2},
        {"replayed, and as if nothing were new", letter(State::replayed),
         given_out_before(arrival("m-1")), 2},
        {"done with, and dead again", letter(State::discarded), arrival("m-2"), 2}};
    for (const Again& row : rows) {
        SCOPED_TRACE(row.name);
        const Changes changes = keep_dead_letter(with(row.known).snapshot(), row.comes);
        EXPECT_EQ(changes.empty(), row.count == 0);
        if (row.count == 0 || changes.dead_letters.empty()) continue;
        const DeadLetter& kept = changes.dead_letters.front();
        EXPECT_EQ(kept.state, State::waiting);
        EXPECT_EQ(kept.count, row.count);
        EXPECT_EQ(kept.version, 4);
        EXPECT_EQ(kept.first_at, second(1));
        EXPECT_EQ(kept.last_at, second(50));
        EXPECT_EQ(kept.bytes, "what came");
        EXPECT_FALSE(kept.message.empty());
    }
}

TEST(KeepDeadLetter, ForgetsNeitherQueueNorKindNorDecision) {
    DeadLetter known = letter(State::replayed);
    known.decision = {.actor = "user:1", .reason = "mended", .at = second(9)};
    DeadLetterArrival comes = arrival("m-2");
    comes.queue = comes.kind = "";
    const Changes changes = keep_dead_letter(with(known).snapshot(), comes);
    ASSERT_EQ(changes.dead_letters.size(), 1U);
    EXPECT_EQ(changes.dead_letters[0].queue, known.queue);
    EXPECT_EQ(changes.dead_letters[0].kind, known.kind);
    EXPECT_EQ(changes.dead_letters[0].decision, known.decision);
}

TEST(EndReplay, EndsTheReplayThatItIsToldOf) {
    const Changes changes = end_replay(with(letter(State::replaying)).snapshot(), id(7), 3);
    ASSERT_EQ(changes.dead_letters.size(), 1U);
    EXPECT_EQ(changes.dead_letters[0].state, State::replayed);
    ASSERT_EQ(changes.events.size(), 1U);
    EXPECT_EQ(changes.events[0].type, EventType::dead_letter_replayed);
}

TEST(GiveUpReplay, LetsTheLetterWaitAndSaysWhy) {
    const Changes changes =
        give_up_replay(with(letter(State::replaying)).snapshot(), id(7), 3, "no such queue");
    ASSERT_EQ(changes.dead_letters.size(), 1U);
    EXPECT_EQ(changes.dead_letters[0].state, State::waiting);
    EXPECT_EQ(changes.dead_letters[0].reason, "no such queue");
    EXPECT_EQ(changes.dead_letters[0].count, 1);
}

TEST(EndReplay, LeavesWhatHasHappenedMeanwhile) {
    const std::vector<World> worlds{with(letter(State::waiting)), with(letter(State::discarded)),
                                    with(letter(State::replayed))};
    for (const World& world : worlds) {
        EXPECT_TRUE(end_replay(world.snapshot(), id(7), 3).empty());
        EXPECT_TRUE(give_up_replay(world.snapshot(), id(7), 3, "").empty());
    }
    const World later = with(letter(State::replaying));  // another replay than that
    EXPECT_TRUE(end_replay(later.snapshot(), id(7), 2).empty());
    EXPECT_TRUE(end_replay(later.snapshot(), id(98), 3).empty());
}

}  // namespace
}  // namespace stockroom::domain
