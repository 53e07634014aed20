#include "testing/world.hpp"

namespace stockroom::domain {
namespace {

using namespace testing;

InsertRecord insert(std::string_view section = "A", std::string_view name = "Ann") {
    return {.srn = srn("R"), .name = std::string(name), .section = std::string(section)};
}

TEST(InsertRecord, GivesEachOutcome) {
    using enum InsertRecordOutcome;
    expect_rows<InsertRecordOutcome>(
        {
            {"new", World(), insert(), inserted},
            {"there already", World().after(insert("A")), insert("B"), replaced},
            {"there just so", World().after(insert()), insert(), replaced},
            {"deleted before", World().after(insert()).after(DeleteRecord{srn("R")}), insert(),
             inserted},
        },
        inserted);
}

TEST(InsertRecord, MakesTheRecord) {
    World world;
    const Decision decision = world.clock(7).decide_and_apply(insert());
    const Record& record = world.record_of("R");
    EXPECT_EQ(record, (Record{.srn = srn("R"),
                              .name = "Ann",
                              .section = "A",
                              .deleted = false,
                              .version = 1,
                              .created_at = second(7),
                              .updated_at = second(7)}));
    EXPECT_EQ(std::get<Record>(decision.outcome.result), record);
    ASSERT_EQ(decision.changes.events.size(), 1U);
    EXPECT_EQ(decision.changes.events[0].type, EventType::record_inserted);
    EXPECT_EQ(decision.changes.events[0].actor, "user:test");
    EXPECT_EQ(std::get<Record>(decision.changes.events[0].state), record);
}

TEST(InsertRecord, ReplacesTheRecordThatHasTheSrn) {
    World world = World().clock(1).after(insert());
    const Decision decision = world.clock(2).decide_and_apply(insert("B", "Bob"));
    const Record& record = world.record_of("R");
    EXPECT_EQ(record.name, "Bob");
    EXPECT_EQ(record.section, "B");
    EXPECT_EQ(record.version, 2);
    EXPECT_EQ(record.created_at, second(1));
    EXPECT_EQ(record.updated_at, second(2));
    EXPECT_EQ(decision.changes.events.at(0).type, EventType::record_replaced);
}

TEST(InsertRecord, ChangesNothingWhereAllIsSoAlready) {
    World world = World().after(insert());
    const Decision decision = world.clock(2).decide(insert());
    EXPECT_TRUE(decision.changes.empty());
    EXPECT_EQ(std::get<Record>(decision.outcome.result), world.record_of("R"));
}

TEST(DeleteRecord, GivesEachOutcome) {
    using enum DeleteRecordOutcome;
    expect_rows<DeleteRecordOutcome>(
        {
            {"unknown", World(), DeleteRecord{srn("R")}, record_not_found},
            {"there", World().after(insert()), DeleteRecord{srn("R")}, deleted},
            {"deleted before", World().after(insert()).after(DeleteRecord{srn("R")}),
             DeleteRecord{srn("R")}, record_not_found},
        },
        deleted);
}

TEST(DeleteRecord, KeepsTheSrnAndTheVersionOnly) {
    World world = World().clock(1).after(insert());
    const Decision decision = world.clock(2).decide_and_apply(DeleteRecord{srn("R")});
    EXPECT_EQ(world.record_of("R"), (Record{.srn = srn("R"),
                                            .name = "",
                                            .section = "",
                                            .deleted = true,
                                            .version = 2,
                                            .created_at = second(1),
                                            .updated_at = second(2)}));
    EXPECT_EQ(decision.changes.events.at(0).type, EventType::record_deleted);

    (void)world.clock(3).decide_and_apply(insert());
    EXPECT_FALSE(world.record_of("R").deleted);
    EXPECT_EQ(world.record_of("R").version, 3);
    EXPECT_EQ(world.record_of("R").created_at, second(3));
}

}  // namespace
}  // namespace stockroom::domain
