#include "questions.hpp"

#include <vector>

#include "io_fixture.hpp"
#include "scripted_classic_bus.hpp"

namespace stockroom::gateway {
namespace {

class QuestionsTest : public IoFixture {
  protected:
    ScriptedClassicBus bus_;
    Questions questions_{context_, bus_, std::chrono::seconds(30)};
};

TEST_F(QuestionsTest, GivesEachItsAnswer) {
    auto first = spawn(questions_.ask("healthcheck", "one"));
    auto second = spawn(questions_.ask("healthcheck", "two"));
    ASSERT_EQ(bus_.count(), 2U);
    EXPECT_EQ(bus_.asked(1).queue, "healthcheck");
    EXPECT_EQ(bus_.asked(1).bytes, "two");
    bus_.answer(1, "second");
    EXPECT_EQ(**receive(std::move(second)), "second");
    EXPECT_FALSE(is_ready(first));
    bus_.answer(0, "first");
    EXPECT_EQ(**receive(std::move(first)), "first");
}

TEST_F(QuestionsTest, SaysWhatStoodInTheWay) {
    auto asking = spawn(questions_.ask("healthcheck", ""));
    bus_.refuse(0, "away");
    EXPECT_EQ(receive(std::move(asking)).error(), "away");
}

TEST_F(QuestionsTest, WhoComesMeanwhileSharesTheNextQuestion) {
    auto first = spawn(questions_.ask_for_all("order_processing"));
    std::vector<std::future<Questions::Result>> later;
    for (int i = 0; i < 5; ++i)
        later.push_back(spawn(questions_.ask_for_all("order_processing")));
    auto other = spawn(questions_.ask_for_all("read_database"));
    ASSERT_EQ(bus_.count(), 2U) << "one of each queue";
    EXPECT_EQ(bus_.asked(1).queue, "read_database");

    bus_.answer(0, "old");
    EXPECT_EQ(**receive(std::move(first)), "old");
    settle();
    ASSERT_EQ(bus_.count(), 3U);
    EXPECT_FALSE(is_ready(later[0])) << "what was asked before they came is no answer to them";
    bus_.answer(2, "new");
    const auto shared = *receive(std::move(later[0]));
    EXPECT_EQ(*shared, "new");
    for (std::size_t i = 1; i < later.size(); ++i)
        EXPECT_EQ(*receive(std::move(later[i])), shared) << "one answer in memory for all";
    bus_.answer(1, "records");
    EXPECT_EQ(**receive(std::move(other)), "records");

    auto last = spawn(questions_.ask_for_all("order_processing"));
    ASSERT_EQ(bus_.count(), 4U) << "nobody waits: it is asked at once";
    bus_.answer(3, "newest");
    EXPECT_EQ(**receive(std::move(last)), "newest");
}

TEST_F(QuestionsTest, TheNextQuestionIsAskedAlsoAfterOneThatFailed) {
    auto first = spawn(questions_.ask_for_all("order_processing"));
    auto second = spawn(questions_.ask_for_all("order_processing"));
    bus_.refuse(0, "away");
    EXPECT_FALSE(receive(std::move(first)));
    settle();
    ASSERT_EQ(bus_.count(), 2U);
    bus_.answer(1, "there");
    EXPECT_EQ(**receive(std::move(second)), "there");
}

TEST_F(QuestionsTest, NobodyWaitsBeyondTheDeadline) {
    Questions impatient(context_, bus_, std::chrono::seconds(0));
    auto first = spawn(impatient.ask_for_all("order_processing"));
    auto second = spawn(impatient.ask_for_all("order_processing"));
    EXPECT_FALSE(receive(std::move(first)));
    EXPECT_FALSE(receive(std::move(second)));
    for (std::size_t i = 0; i < bus_.count(); ++i)
        bus_.answer(i, "too late");
    settle();
    auto third = spawn(impatient.ask("healthcheck", ""));
    EXPECT_FALSE(receive(std::move(third)));
}

TEST_F(QuestionsTest, AStopHurriesThoseWhoWait) {
    auto alone = spawn(questions_.ask("healthcheck", ""));
    auto running = spawn(questions_.ask_for_all("order_processing"));
    auto next = spawn(questions_.ask_for_all("order_processing"));
    questions_.hurry(std::chrono::steady_clock::now());
    EXPECT_FALSE(receive(std::move(alone)));
    EXPECT_FALSE(receive(std::move(running)));
    EXPECT_FALSE(receive(std::move(next)));
}

}  // namespace
}  // namespace stockroom::gateway
