#include <algorithm>
#include <vector>

#include "stockroom/domain/decide.hpp"

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

using domain::DeadLetter;
using domain::DeadLetterState;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kWhole = 1'000'000;
const base::Time kStart = base::Time::from_microseconds(1'700'000'000'000'000);

/// One that came at this second.
DeadLetter letter(int number, int second, DeadLetterState state = DeadLetterState::waiting,
                  std::string queue = "stockroom.orders") {
    const auto at = kStart.plus(std::chrono::seconds(second));
    return {.id = id(number),
            .queue = std::move(queue),
            .kind = "place_order",
            .reason = "it broke",
            .state = state,
            .count = 2,
            .redeliveries = 3,
            .size = 4,
            .first_at = kStart,
            .last_at = at,
            .message = "m-1",
            .version = 1,
            .bytes = "body"};
}

ports::DeadCommand dead_command(std::string reason, base::Time at) {
    return {.command = id(1),
            .kind = "place_order",
            .queue = "stockroom.orders",
            .reason = std::move(reason),
            .bytes = "{}",
            .at = at};
}

/// What a decision is made on.
std::optional<DeadLetter> loaded(ports::Store& store, const base::Uuid& letter) {
    const auto transaction =
        must(store.begin({}, {.orders = {}, .skus = {}, .dead_letters = {letter}}, soon()));
    const auto* found = transaction->snapshot().find_dead_letter(letter);
    return found == nullptr ? std::nullopt : std::optional(*found);
}

DeadLetter without_body(DeadLetter full) {
    full.bytes.clear();
    return full;
}

}  // namespace

TEST_P(StoreSuite, KeepsADeadLetterAsItIs) {
    DeadLetter full = letter(1, 5, DeadLetterState::discarded);
    full.reason = "\xff bytes";
    full.decision = {.actor = "user:ß", .reason = "nonsense", .at = now()};
    full.bytes = std::string("\x00\xff\xc3\n", 4) + std::string(100'000, 'z');
    full.size = static_cast<std::int64_t>(full.bytes.size());
    DeadLetter bare{.id = id(2), .size = 0, .first_at = now(), .last_at = now()};
    given(store(), changing(full, bare));
    reopen();

    EXPECT_EQ(must(queries().dead_letter(id(1), kWhole)), full);
    EXPECT_EQ(must(queries().dead_letter(id(2), kWhole)), bare);
    EXPECT_EQ(must(queries().dead_letter(id(3), kWhole)), std::nullopt);
    DeadLetter cut = full;
    cut.bytes.resize(3);
    EXPECT_EQ(must(queries().dead_letter(id(1), 3)), cut);
    EXPECT_EQ(must(queries().dead_letter(id(1), 0)), without_body(full));
    EXPECT_EQ(loaded(store(), id(1)), without_body(full));
    EXPECT_EQ(loaded(store(), id(3)), std::nullopt);
}

TEST_P(StoreSuite, ChangesADeadLetterAndItsBodyOnlyWhereItCameAgain) {
    given(store(), changing(letter(1, 0)));
    DeadLetter changed = letter(1, 9, DeadLetterState::replaying, "create_item");
    changed.kind = "";
    changed.reason = "other";
    changed.count = 7;
    changed.redeliveries = 0;
    changed.message = "m-2";
    changed.version = 2;
    changed.decision = {.actor = "user:1", .reason = "", .at = now()};
    changed.bytes.clear();
    given(store(), changing(changed));
    DeadLetter expected = changed;
    expected.bytes = "body";
    EXPECT_EQ(must(queries().dead_letter(id(1), kWhole)), expected);

    changed.bytes = "another body";
    changed.decision.reset();
    given(store(), changing(changed));
    changed.size = 12;
    EXPECT_EQ(must(queries().dead_letter(id(1), kWhole)), changed);
}

TEST_P(StoreSuite, ListsDeadLettersNewestFirst) {
    std::vector<DeadLetter> all;
    for (int number = 0; number < 25; ++number)  // several of the same second
        all.push_back(letter(number, number / 3));
    Batch batch;
    for (const auto& one : all)
        batch.add(one);
    given(store(), batch);
    std::ranges::sort(all, [](const DeadLetter& a, const DeadLetter& b) {
        return std::tie(a.last_at, a.id) > std::tie(b.last_at, b.id);
    });
    const auto found = walk<DeadLetter>(
        [this](const ports::PageRequest& page) { return queries().dead_letters({}, page); }, 4);
    EXPECT_EQ(found, all);

    const auto bad = queries().dead_letters({}, {.cursor = "d00", .limit = 4});
    ASSERT_FALSE(bad.has_value());
    EXPECT_TRUE(std::holds_alternative<ports::BadCursor>(bad.error()));
}

TEST_P(StoreSuite, FindsDeadLettersByStateAndQueue) {
    using enum DeadLetterState;
    given(store(), changing(letter(1, 1, waiting, "a"), letter(2, 2, waiting, "b"),
                            letter(3, 3, replayed, "a"), letter(4, 4, replaying, "b"),
                            letter(5, 5, waiting, "a"), letter(6, 6, replaying, "a")));
    const auto found = [this](std::optional<DeadLetterState> state, std::string queue) {
        const ports::DeadLetterFilter filter{.state = state, .queue = std::move(queue)};
        std::vector<base::Uuid> ids;
        for (const auto& one : walk<DeadLetter>(
                 [&](const ports::PageRequest& page) {
                     return queries().dead_letters(filter, page);
                 },
                 2))
            ids.push_back(one.id);
        return ids;
    };
    EXPECT_THAT(found({}, ""), ElementsAre(id(6), id(5), id(4), id(3), id(2), id(1)));
    EXPECT_THAT(found(waiting, ""), ElementsAre(id(5), id(2), id(1)));
    EXPECT_THAT(found({}, "a"), ElementsAre(id(6), id(5), id(3), id(1)));
    EXPECT_THAT(found(waiting, "a"), ElementsAre(id(5), id(1)));
    EXPECT_THAT(found(discarded, ""), IsEmpty());
    EXPECT_THAT(found({}, "A"), IsEmpty());
    EXPECT_EQ(must(queries().count_dead_letters(waiting)), 3);
    EXPECT_EQ(must(queries().count_dead_letters(discarded)), 0);

    const auto to_replay = must(queries().letters_to_replay(10));
    EXPECT_THAT(to_replay, ElementsAre(without_body(letter(4, 4, replaying, "b")),
                                       without_body(letter(6, 6, replaying, "a"))));
    EXPECT_EQ(must(queries().letters_to_replay(1)).size(), 1U);
}

TEST_P(StoreSuite, ListsNoMoreOfABodyThanItsBeginning) {
    DeadLetter large = letter(1, 1);
    large.bytes = std::string(5'000, 'x');
    large.size = 5'000;
    given(store(), changing(large));
    const auto listed = must(queries().dead_letters({}, {})).rows.at(0);
    EXPECT_EQ(listed.bytes, std::string(ports::kListedBodyMax, 'x'));
    EXPECT_EQ(listed.size, 5'000);
}

TEST_P(StoreSuite, WritesADeadCommandDownAsALetterThatHasNotCome) {
    given(store(), {.dead = {dead_command("first", kStart)}});
    const DeadLetter expected{.id = id(1),
                              .queue = "stockroom.orders",
                              .kind = "place_order",
                              .reason = "first",
                              .state = DeadLetterState::waiting,
                              .count = 1,
                              .redeliveries = 0,
                              .size = 2,
                              .first_at = kStart,
                              .last_at = kStart,
                              .decision = {},
                              .message = "",
                              .version = 0,
                              .bytes = "{}"};
    EXPECT_EQ(must(queries().dead_letter(id(1), kWhole)), expected);
    given(store(), {.dead = {dead_command("second", kStart.plus(std::chrono::seconds(1)))}});
    EXPECT_EQ(must(queries().dead_letter(id(1), kWhole)), expected) << "it waits already";
}

TEST_P(StoreSuite, ADeadCommandThatDiesAgainWaitsAgain) {
    using enum DeadLetterState;
    for (const auto state : {replaying, replayed, discarded}) {
        DeadLetter known = letter(1, 1, state);
        known.version = 4;
        known.decision = {.actor = "user:1", .reason = "mended", .at = kStart};
        given(store(), changing(known));
        const auto later = kStart.plus(std::chrono::seconds(9));
        given(store(), {.dead = {dead_command("again", later)}});
        DeadLetter expected = known;
        expected.state = waiting;
        expected.reason = "again";
        expected.count = 3;
        expected.size = 2;
        expected.last_at = later;
        expected.message = "";
        expected.bytes = "{}";
        EXPECT_EQ(must(queries().dead_letter(id(1), kWhole)), expected);
    }
}

TEST_P(StoreSuite, TwoThatKeepTheSameNewLetterAreAConflict) {
    const auto other = under_test().make_store();
    const domain::Keys keys{.orders = {}, .skus = {}, .dead_letters = {id(1)}};
    const auto kept = write(store(), keys, [&](const domain::Snapshot& snapshot) {
        EXPECT_EQ(snapshot.find_dead_letter(id(1)), nullptr);
        return changing(letter(1, 1));
    });
    ASSERT_TRUE(kept.has_value()) << kept.error().detail;
    // As if it had been loaded before.
    auto late = must(other->begin({}, {}, soon()));
    late->snapshot().add_missing_dead_letter(id(1));
    late->snapshot().apply(changing(letter(1, 2)).changes);
    const auto refused = late->commit({.movements = {}, .outcomes = {}, .events = {}, .dead = {}});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ports::ErrorKind::conflict);
}

TEST_P(StoreSuite, TheAuditSeesVersionsOfDeadLettersThatHaveCome) {
    DeadLetter come = letter(2, 1);
    come.version = 6;
    given(store(), changing(come));
    given(store(), {.dead = {dead_command("not yet come", kStart)}});
    std::vector<std::pair<std::string, std::int64_t>> versions;
    must(under_test().make_audit_source()->versions(
        [&](const ports::VersionAudit& row) { versions.emplace_back(row.key, row.version); }));
    EXPECT_THAT(versions,
                ElementsAre(std::pair("dead_letter/" + id(2).to_string(), std::int64_t{6}),
                            std::pair(std::string("location/main"), std::int64_t{1})));
}

}  // namespace stockroom::conformance
