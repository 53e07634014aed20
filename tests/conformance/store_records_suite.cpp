#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

const domain::Srn kOne = srn("R1");

domain::Record record(const domain::Srn& of, base::Time now, std::string name = "Ann") {
    return {.srn = of,
            .name = std::move(name),
            .section = "A",
            .deleted = false,
            .version = 1,
            .created_at = now,
            .updated_at = now};
}

domain::Record deleted(domain::Record of) {
    of.name.clear();
    of.section.clear();
    of.deleted = true;
    ++of.version;
    return of;
}

domain::Keys keys_of(std::vector<domain::Srn> records) {
    return {.orders = {}, .skus = {}, .records = std::move(records)};
}

}  // namespace

TEST_P(StoreSuite, KeepsRecordsToTheLastBit) {
    std::string name;
    for (std::size_t i = 0; i < domain::kMaxNameLength; ++i)
        name += i % 2 == 0 ? "\xf0\x9f\x8d\x8e" : "ß";
    auto extreme = record(srn(std::string(62, '~') + "'\""), now(), name);
    extreme.section = name.substr(0, domain::kMaxSectionLength * 3);
    extreme.version = domain::kMaxQuantity;
    extreme.updated_at = now().plus(std::chrono::microseconds(1));
    given(store(), changing(extreme, record(kOne, now())));
    reopen();

    const auto transaction =
        must(store().begin({}, keys_of({srn("R0"), kOne, extreme.srn}), soon()));
    const auto& snapshot = transaction->snapshot();
    ASSERT_NE(snapshot.find_record(extreme.srn), nullptr);
    EXPECT_EQ(*snapshot.find_record(extreme.srn), extreme);
    EXPECT_NE(snapshot.find_record(kOne), nullptr);
    EXPECT_EQ(snapshot.find_record(srn("R0")), nullptr);
    EXPECT_EQ(must(queries().record(extreme.srn)), extreme);
    EXPECT_EQ(must(queries().record(srn("r1"))), std::nullopt);
}

TEST_P(StoreSuite, WritesWhatDecisionsChangeOfRecords) {
    const auto before = record(kOne, now());
    const auto gone = deleted(record(srn("R2"), now()));
    given(store(), changing(before, gone));
    auto after = before;
    after.name = "Bob";
    after.section = "";
    after.version = 2;
    after.created_at = now();
    after.updated_at = now();
    auto again = record(gone.srn, now(), "again");
    again.version = 3;
    const auto fresh = record(srn("R3"), now());
    given(store(), changing(after, again, fresh));
    reopen();
    EXPECT_EQ(must(queries().records({})).rows, (std::vector{after, again, fresh}));
}

TEST_P(StoreSuite, ReadersFindNoDeletedRecordsAndDecisionsDo) {
    const auto gone = deleted(record(kOne, now()));
    given(store(), changing(gone));
    EXPECT_EQ(must(queries().record(kOne)), std::nullopt);
    EXPECT_TRUE(must(queries().records({})).rows.empty());
    const auto transaction = must(store().begin({}, keys_of({kOne}), soon()));
    ASSERT_NE(transaction->snapshot().find_record(kOne), nullptr);
    EXPECT_EQ(*transaction->snapshot().find_record(kOne), gone);
}

TEST_P(StoreSuite, ListsRecordsBySrnInPages) {
    Batch batch;
    std::vector<std::string> wanted;
    for (const char* text : {"a", "B", "~", "R 1", "R!1", "R1", "R10", "R2", "1", "10", "2"}) {
        batch.add(record(srn(text), now()));
        batch.add(deleted(record(srn(std::string(text) + "-"), now())));
        wanted.emplace_back(text);
    }
    given(store(), batch);
    std::ranges::sort(wanted);
    for (const std::size_t limit : {1U, 2U, 3U, 10U, 11U, 500U}) {
        std::vector<std::string> found;
        for (const auto& row : walk<domain::Record>(
                 [this](const auto& page) { return queries().records(page); }, limit))
            found.push_back(row.srn.text());
        EXPECT_EQ(found, wanted) << limit;
    }
}

TEST_P(StoreSuite, RecordsThatComeAndGoMeanwhileShiftNoPage) {
    Batch batch;
    for (const char* text : {"b", "d", "f", "h"})
        batch.add(record(srn(text), now()));
    given(store(), batch);
    auto page = must(queries().records({.cursor = "", .limit = 2}));
    ASSERT_EQ(page.rows.back().srn, srn("d"));
    given(store(),
          changing(record(srn("a"), now()), record(srn("g"), now()), deleted(page.rows.back())));
    page = must(queries().records({.cursor = page.next, .limit = 3}));
    ASSERT_EQ(page.rows.size(), 3U);
    EXPECT_EQ(page.rows.front().srn, srn("f"));
    EXPECT_EQ(page.rows.back().srn, srn("h"));
    EXPECT_EQ(page.next, "");
}

TEST_P(StoreSuite, RefusesCursorsThatNoPageOfRecordsGave) {
    given(store(), changing(record(kOne, now()), record(srn("R2"), now())));
    const auto next = must(queries().records({.cursor = "", .limit = 1})).next;
    ASSERT_FALSE(next.empty());
    for (const auto& wrong : {std::string("x"), std::string("r"), std::string("\0", 1), next + "0",
                              "i" + next.substr(1), std::string(10'000, '0')}) {
        const auto result = queries().records({.cursor = wrong, .limit = 1});
        ASSERT_FALSE(result.has_value()) << wrong;
        EXPECT_TRUE(std::holds_alternative<ports::BadCursor>(result.error())) << wrong;
    }
}

TEST_P(StoreSuite, OfWritersOfOneRecordNoneLosesTheOthersChange) {
    constexpr int kWriters = 4;
    constexpr int kRounds = 25;
    const auto one_more = [](const domain::Snapshot& snapshot) {
        const auto* known = snapshot.find_record(kOne);
        auto next = known == nullptr ? record(kOne, snapshot.now()) : *known;
        if (known != nullptr) ++next.version;
        return changing(next);
    };
    {
        std::vector<std::jthread> threads;
        for (int writer = 0; writer < kWriters; ++writer)
            threads.emplace_back([this, &one_more] {
                const auto own = under_test().make_store();
                for (int round = 0; round < kRounds;) {
                    const auto written = write(*own, keys_of({kOne}), one_more);
                    if (written) ++round;
                    if (!written && written.error().kind == ports::ErrorKind::permanent)
                        throw std::runtime_error(written.error().detail);
                }
            });
    }
    EXPECT_EQ(must(queries().record(kOne))->version, kWriters * kRounds);
}

TEST_P(StoreSuite, TheAuditSeesTheVersionsOfRecordsAlsoOfDeletedOnes) {
    given(store(), changing(record(kOne, now()), deleted(record(srn("R2"), now()))));
    std::vector<std::pair<std::string, domain::Version>> versions;
    must(under_test().make_audit_source()->versions(
        [&](const ports::VersionAudit& row) { versions.emplace_back(row.key, row.version); }));
    using Row = std::pair<std::string, domain::Version>;
    EXPECT_THAT(versions, testing::ElementsAre(Row("location/main", 1), Row("record/R1", 1),
                                               Row("record/R2", 2)));
}

}  // namespace stockroom::conformance
