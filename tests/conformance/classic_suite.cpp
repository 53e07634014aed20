#include "classic_suite.hpp"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "stockroom/contract/classic.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/ingress/ingress.hpp"

#include "box.hpp"

namespace stockroom::conformance {
namespace {

using namespace std::chrono_literals;
using contract::kClassicOrderProcessing;
using contract::kClassicStockManagement;
using ingress::Ingress;
using testing::ElementsAre;
using testing::SizeIs;
using testing::UnorderedElementsAre;

using Told = std::expected<std::string, ports::Error>;

/// An asker that remembers what it was told.
class TestAsker {
  public:
    explicit TestAsker(ports::ClassicBus& bus) : asker_(bus.make_asker()) {}

    void ask(std::string_view queue, std::string bytes, base::Deadline deadline = patience()) {
        asker_->ask(queue, std::move(bytes), deadline,
                    [told = told_](Told answer) { told->put(std::move(answer)); });
    }
    /// What those were told that were asked so, once there are so many.
    std::vector<std::string> answers(std::size_t count) {
        std::vector<std::string> answers;
        for (auto& told : told_->wait_for(count))
            answers.push_back(told ? *told : told.error().detail);
        return answers;
    }
    /// A queue is there once its consumer is: asks again until somebody has it.
    std::string ask_until_answered(std::string_view queue, const std::string& bytes) {
        const auto deadline = patience();
        const auto box = std::make_shared<Box<Told>>();
        for (std::size_t asked = 1;; ++asked) {
            asker_->ask(queue, bytes, deadline,
                        [box](Told answer) { box->put(std::move(answer)); });
            const auto told = box->wait_for(asked);
            if (told.size() < asked) return "nothing";
            if (told.back()) return *told.back();
            if (std::chrono::steady_clock::now() > deadline) return told.back().error().detail;
        }
    }

  private:
    std::shared_ptr<Box<Told>> told_ = std::make_shared<Box<Told>>();
    std::unique_ptr<ports::Asker> asker_;
};

std::vector<ports::Delivery> take(ports::Consumer& consumer, std::size_t count) {
    std::vector<ports::Delivery> all;
    while (all.size() < count) {
        auto taken = consumer.take(count - all.size(), patience());
        if (!taken || taken->empty()) {
            ADD_FAILURE() << "took " << all.size() << " of " << count;
            break;
        }
        std::ranges::move(*taken, std::back_inserter(all));
    }
    return all;
}

void answer(ports::ClassicConsumer& consumer, const ports::Delivery& delivery, std::string bytes) {
    ASSERT_TRUE(consumer
                    .answer({.reply_to = delivery.reply_to,
                             .bytes = std::move(bytes),
                             .correlation_id = delivery.correlation_id},
                            patience())
                    .has_value());
    ASSERT_TRUE(consumer.ack(std::span(&delivery.tag, 1)).has_value());
}

/// Answers one question, once the asker has found the queue.
std::unique_ptr<ports::ClassicConsumer> make_consumer(ClassicFixture& fixture, TestAsker& asker,
                                                      std::string_view queue) {
    auto consumer = fixture.classic().make_classic_consumer(queue);
    std::jthread answering([&consumer] {
        for (const auto& delivery : take(*consumer, 1))
            answer(*consumer, delivery, "found");
    });
    EXPECT_EQ(asker.ask_until_answered(queue, "is it there?"), "found");
    return consumer;
}

TEST_P(ClassicConformance, AnswersEachQuestionWithItsOwnBytes) {
    TestAsker first(fixture_->classic());
    TestAsker second(fixture_->classic());
    const auto consumer = make_consumer(*fixture_, first, kClassicOrderProcessing);
    first.ask(kClassicOrderProcessing, R"(["one"])");
    first.ask(kClassicOrderProcessing, R"(["two"])");
    second.ask(kClassicOrderProcessing, R"(["three"])");

    const auto taken = take(*consumer, 3);
    ASSERT_THAT(taken, SizeIs(3));
    for (const auto& delivery : taken)
        answer(*consumer, delivery, "to " + delivery.bytes);

    EXPECT_THAT(first.answers(2), UnorderedElementsAre(R"(to ["one"])", R"(to ["two"])"));
    EXPECT_THAT(second.answers(1), ElementsAre(R"(to ["three"])"));
}

TEST_P(ClassicConformance, SendsAnswersThatAreLongerThanWhatMayWait) {
    TestAsker asker(fixture_->classic());
    const auto consumer = make_consumer(*fixture_, asker, kClassicOrderProcessing);
    const std::string longest(20UL * 1024 * 1024, 'x');
    for (int i = 0; i < 3; ++i)
        asker.ask(kClassicOrderProcessing, "all of it");
    for (const auto& delivery : take(*consumer, 3))
        answer(*consumer, delivery, longest);
    for (const auto& told : asker.answers(3))
        EXPECT_TRUE(told == longest) << told.size() << " bytes came";
}

TEST_P(ClassicConformance, GivesBackWhatIsAnArrayAsItWas) {
    TestAsker asker(fixture_->classic());
    const auto consumer = make_consumer(*fixture_, asker, kClassicOrderProcessing);
    const std::string array = R"(["message", "Healthcheck"])";
    asker.ask(kClassicOrderProcessing, array);
    const auto first = take(*consumer, 1);
    ASSERT_THAT(first, SizeIs(1));
    ASSERT_TRUE(consumer->give_back(std::span(&first[0].tag, 1)).has_value());
    const auto again = take(*consumer, 1);
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(again[0].bytes, array);
    EXPECT_EQ(again[0].reply_to, first[0].reply_to);
    EXPECT_GT(again[0].earlier_deliveries, 0U);
}

TEST_P(ClassicConformance, ForgetsAQuestionWhoseDeadlineHasPassed) {
    TestAsker asker(fixture_->classic());
    const auto consumer = make_consumer(*fixture_, asker, kClassicOrderProcessing);
    const auto soon = base::in(1ms);
    asker.ask(kClassicOrderProcessing, "too late", soon);
    asker.ask(kClassicOrderProcessing, "in time");
    // A bus may deliver the first of them, or not.
    for (bool is_last = false; !is_last;)
        for (const auto& delivery : take(*consumer, 1)) {
            while (std::chrono::steady_clock::now() <= soon)
                std::this_thread::yield();
            answer(*consumer, delivery, delivery.bytes);
            is_last = delivery.bytes == "in time";
        }
    EXPECT_THAT(asker.answers(1), ElementsAre("in time"));
}

std::expected<domain::CommandBody, std::string> retire(std::string_view bytes) {
    if (const auto sku = domain::Sku::parse(bytes)) return domain::RetireItem{*sku, {}};
    return std::unexpected("is no SKU");
}

/// An ingress that runs for one test.
class Running {
  public:
    Running(ClassicFixture& fixture, std::string_view queue, ingress::Meaning meaning)
        : ingress_(
              queue, std::move(meaning),
              {.bus = fixture.bus(), .classic = fixture.classic(), .metrics = fixture.metrics()}) {
        ingress_.start();
    }
    [[nodiscard]] std::string trouble() const { return ingress_.trouble(); }

  private:
    Ingress ingress_;
};

/// Acks the commands that come, as the service does that decides them.
std::vector<domain::Command> take_commands(ClassicFixture& fixture, std::string_view queue,
                                           std::size_t count) {
    const auto consumer = fixture.bus().make_consumer(queue);
    std::vector<domain::Command> commands;
    while (commands.size() < count) {
        const auto taken = consumer->take(100, patience());
        if (!taken || taken->empty()) {
            ADD_FAILURE() << "took " << commands.size() << " of " << count;
            break;
        }
        for (const auto& delivery : *taken) {
            for (const auto& read : contract::decode_message(delivery.bytes))
                commands.push_back(read.value().command.value());
            EXPECT_TRUE(consumer->ack(std::span(&delivery.tag, 1)).has_value());
        }
    }
    return commands;
}

TEST_P(ClassicConformance, AnIngressMakesACommandOfAMessageAndSaysSo) {
    const Running running(*fixture_, kClassicStockManagement, retire);
    std::vector<domain::Command> commands;
    std::jthread deciding(
        [&] { commands = take_commands(*fixture_, contract::kCatalogueQueue, 1); });
    TestAsker asker(fixture_->classic());
    EXPECT_EQ(asker.ask_until_answered(kClassicStockManagement, "IB1"),
              R"({"message":"Stock management (item delete) message sent"})");
    deciding.join();
    ASSERT_THAT(commands, SizeIs(1));
    EXPECT_EQ(commands[0].actor, "classic");
    EXPECT_EQ(std::get<domain::RetireItem>(commands[0].body).sku.text(), "IB1");
}

TEST_P(ClassicConformance, AnIngressSetsAsideWhatMakesNoSense) {
    const Running running(*fixture_, kClassicStockManagement, retire);
    std::jthread deciding(
        [&] { EXPECT_THAT(take_commands(*fixture_, contract::kCatalogueQueue, 2), SizeIs(2)); });
    TestAsker asker(fixture_->classic());
    static_cast<void>(asker.ask_until_answered(kClassicStockManagement, "before"));
    asker.ask(kClassicStockManagement, "né");
    static_cast<void>(asker.ask_until_answered(kClassicStockManagement, "after"));
    EXPECT_THAT(fixture_->dead_letters(), ElementsAre("né"));
    EXPECT_EQ(running.trouble(), "");
}

TEST_P(ClassicConformance, AnIngressAnswersAgainWhenItCould) {
    std::atomic<int> asked = 0;  // how often the store was
    const Running running(
        *fixture_, kClassicOrderProcessing, [&asked]() -> std::expected<std::string, ports::Error> {
            if (++asked <= 3)
                return std::unexpected(ports::Error{ports::ErrorKind::retryable, "away"});
            return "[1,2]";
        });
    TestAsker asker(fixture_->classic());
    EXPECT_EQ(asker.ask_until_answered(kClassicOrderProcessing, "anything"), "[1,2]");
    EXPECT_GE(asked, 4);
}

TEST_P(ClassicConformance, AnIngressSetsAsideQuestionsThatCannotBeAnswered) {
    std::atomic<bool> is_broken = false;
    const Running running(
        *fixture_, kClassicOrderProcessing,
        [&is_broken]() -> std::expected<std::string, ports::Error> {
            if (is_broken.exchange(false))
                return std::unexpected(ports::Error{ports::ErrorKind::permanent, "too long"});
            return "[]";
        });
    TestAsker asker(fixture_->classic());
    EXPECT_EQ(asker.ask_until_answered(kClassicOrderProcessing, "before"), "[]");
    is_broken = true;
    asker.ask(kClassicOrderProcessing, "poison");
    const auto deadline = patience();
    while (fixture_->dead_letters().empty())
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    EXPECT_THAT(fixture_->dead_letters(), ElementsAre("poison"));
    EXPECT_EQ(asker.ask_until_answered(kClassicOrderProcessing, "after"), "[]");
}

}  // namespace
}  // namespace stockroom::conformance
