#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/engine/worker.hpp"
#include "stockroom/health/service.hpp"

#include "faults.hpp"
#include "world.hpp"

namespace stockroom::system_test {
namespace {

using domain::DeadLetter;
using domain::DeadLetterState;
using ports::Published;
using testing::HasSubstr;
using testing::IsEmpty;
using enum DeadLetterState;

/// The health service, at work as long as this lives; `decorate` may wrap the desk's store.
class Health {
  public:
    explicit Health(World& world, const Services::Decorate& decorate = nullptr)
        : service_(world.bus(), world.make_store(),
                   std::make_unique<health::DeadLetterDesk>(
                       world.bus(), decorate ? decorate(world.make_store()) : world.make_store(),
                       world.make_queries(), world.metrics()),
                   world.metrics()) {
        service_.start();
    }
    [[nodiscard]] std::string trouble() const { return service_.trouble(); }

  private:
    health::HealthService service_;
};

/// An orders service that trips over every command while it is told to.
class Orders {
  public:
    explicit Orders(World& world)
        : worker_({.service = "orders",
                   .queue = std::string(contract::kOrdersQueue),
                   .decide =
                       [this](const domain::Snapshot& snapshot, const Command& command) {
                           CHECK(!trips, "it trips");
                           return domain::decide(snapshot, command);
                       }},
                  world.bus(), world.make_store(), world.metrics()) {
        worker_.start();
    }
    std::atomic<bool> trips = true;  // read by its own thread, whenever

  private:
    engine::Worker worker_;
};

class DeadLetters : public testing::Test {
  protected:
    void SetUp() override {
        const Services services(world_);
        ASSERT_EQ(client_.send_and_wait(create_item(sku("A"), 10)), Published::durable);
    }
    [[nodiscard]] bool becomes(const base::Uuid& id, DeadLetterState state, std::int64_t count) {
        return eventually([&] {
            const auto letter = world_.dead(id);
            return letter && letter->state == state && letter->count == count &&
                   !letter->message.empty();
        });
    }
    [[nodiscard]] std::string replay(const base::Uuid& id) {
        const auto command = of(domain::ReplayDeadLetter{id, "mended"});
        (void)client_.send_and_wait(command);
        return world_.outcome_name(command.id);
    }
    [[nodiscard]] std::string discard(const base::Uuid& id) {
        const auto command = of(domain::DiscardDeadLetter{id, "nonsense"});
        (void)client_.send_and_wait(command);
        return world_.outcome_name(command.id);
    }
    [[nodiscard]] std::vector<std::string> events_of(const base::Uuid& id) {
        std::vector<std::string> types;
        for (const auto& logged : world_.events())
            if (logged.event.key == "dead_letter/" + id.to_string())
                types.push_back(logged.event.type);
        return types;
    }
    /// Everything that has no readable id, newest first.
    [[nodiscard]] std::vector<DeadLetter> listed() {
        const auto page = world_.make_queries()->dead_letters({}, {});
        return page ? page->rows : std::vector<DeadLetter>();
    }

    World world_;
    Client client_{world_};
};

TEST_F(DeadLetters, ACommandDiesWaitsIsReplayedAndDoneOnce) {
    const Health health(world_);
    Orders orders(world_);
    const auto order = place(sku("A"), 3);
    client_.send(order);
    ASSERT_TRUE(becomes(order.id, waiting, 1));
    const auto letter = world_.dead(order.id).value();
    EXPECT_EQ(letter.queue, "stockroom.orders");
    EXPECT_EQ(letter.kind, "place_order");
    EXPECT_THAT(letter.reason, HasSubstr("it trips"));
    EXPECT_EQ(letter.bytes, contract::encode_command(order));

    // Once more it dies, and waits again.
    ASSERT_EQ(replay(order.id), "replaying");
    ASSERT_TRUE(becomes(order.id, waiting, 2));
    EXPECT_EQ(world_.outcome_name(order.id), "none");

    orders.trips = false;
    ASSERT_EQ(replay(order.id), "replaying");
    ASSERT_TRUE(becomes(order.id, replayed, 2));
    EXPECT_EQ(world_.outcome_name(order.id), "reserved");
    EXPECT_EQ(world_.item(sku("A")).held, 3);
    EXPECT_EQ(replay(order.id), "wrong_state");
    EXPECT_EQ(discard(order.id), "wrong_state");
    const auto decision = world_.dead(order.id)->decision.value();
    EXPECT_EQ(decision.actor, "user:test");
    EXPECT_EQ(decision.reason, "mended");
    EXPECT_EQ(health.trouble(), "");
    world_.expect_sound();

    const auto events = events_of(order.id);
    EXPECT_EQ(events.front(), "dead_letter.waiting");
    EXPECT_EQ(events.back(), "dead_letter.replayed");
}

TEST_F(DeadLetters, AReplayThatWasSentAndNotMarkedIsSentAgainAndDoneOnce) {
    Orders orders(world_);
    const auto order = place(sku("A"), 3);
    client_.send(order);
    {
        const Health health(world_);
        ASSERT_TRUE(becomes(order.id, waiting, 1));
        orders.trips = false;
    }
    // A desk that is sent nothing to disk: whatever it has done is forgotten.
    std::atomic<int> marks = 0;  // counted by the desk's thread
    {
        const Health forgetful(world_, [&](std::unique_ptr<ports::Store> store) {
            return std::make_unique<FaultyStore>(
                std::move(store),
                Faults{.before_commit = [&](const ports::Commit&) -> std::optional<ports::Error> {
                    ++marks;
                    return ports::Error{ports::ErrorKind::retryable, "killed"};
                }});
        });
        ASSERT_EQ(replay(order.id), "replaying");
        ASSERT_TRUE(eventually([&] { return marks > 0; }));
        EXPECT_EQ(world_.outcome_name(order.id), "reserved") << "it was sent";
        EXPECT_EQ(world_.dead(order.id)->state, replaying);
    }
    const Health health(world_);
    ASSERT_TRUE(becomes(order.id, replayed, 1));
    EXPECT_EQ(world_.item(sku("A")).held, 3);
    EXPECT_THAT(world_.bus().dead_letters(), IsEmpty());
    world_.expect_sound();
}

TEST_F(DeadLetters, WhatIsNotReadableIsKeptAndReplayedAsItIs) {
    const Health health(world_);
    const Services services(world_);
    const std::string bytes("{broken \xff\x00", 9);
    for (const std::int64_t count : {1, 2}) {
        client_.send_bytes(contract::kOrdersQueue, base::Uuid::make_v7(base::Time::now()), bytes);
        ASSERT_TRUE(eventually([&] {
            const auto letters = listed();
            return letters.size() == 1 && letters[0].count == count;
        }));
    }
    const auto letter = listed().at(0);
    EXPECT_EQ(letter.bytes, bytes);
    EXPECT_EQ(letter.queue, "stockroom.orders");
    EXPECT_EQ(letter.kind, "");
    ASSERT_EQ(replay(letter.id), "replaying");
    ASSERT_TRUE(becomes(letter.id, waiting, 3)) << "it makes no more sense than before";
    EXPECT_EQ(world_.dead(letter.id)->bytes, bytes);
    ASSERT_EQ(discard(letter.id), "discarded");
    EXPECT_EQ(discard(letter.id), "wrong_state");
    EXPECT_EQ(replay(letter.id), "wrong_state");
    EXPECT_EQ(replay(base::Uuid()), "dead_letter_not_found");
}

TEST_F(DeadLetters, AnArrayThatDiesIsALetterForEachCommand) {
    const Health health(world_);
    const auto first = place(sku("A"), 1);
    const auto second = place(sku("A"), 2);
    const auto bytes =
        "[" + contract::encode_command(first) + "," + contract::encode_command(second) + "]";
    const auto publisher = world_.bus().make_publisher(nullptr);
    const auto consumer = world_.bus().make_consumer(contract::kOrdersQueue);
    publisher->publish(contract::kOrdersQueue, first.id, bytes, false, [](Published) {});
    const auto taken = consumer->take(1, patience());
    ASSERT_TRUE(taken && taken->size() == 1);
    ASSERT_TRUE(consumer->dead_letter(taken->at(0).tag, bytes, "too often").has_value());
    ASSERT_TRUE(consumer->ack(std::span(&taken->at(0).tag, 1)).has_value());
    ASSERT_TRUE(becomes(first.id, waiting, 1));
    ASSERT_TRUE(becomes(second.id, waiting, 1));

    const Services services(world_);
    EXPECT_EQ(replay(second.id), "replaying");
    ASSERT_TRUE(becomes(second.id, replayed, 1));
    EXPECT_EQ(world_.outcome_name(second.id), "reserved");
    EXPECT_EQ(world_.outcome_name(first.id), "none");
}

TEST_F(DeadLetters, OfManyReplaysAtOnceEachIsSentOnItsOwn) {
    const Health health(world_);
    Orders orders(world_);
    std::vector<Command> commands;
    for (int i = 0; i < 60; ++i)
        commands.push_back(place(sku("A"), 1));
    for (const auto& command : commands)
        client_.send(command);
    for (const auto& command : commands)
        ASSERT_TRUE(becomes(command.id, waiting, 1));
    orders.trips = false;
    for (const auto& command : commands)
        client_.send(of(domain::ReplayDeadLetter{command.id, ""}));
    int reserved = 0;
    for (const auto& command : commands) {
        ASSERT_TRUE(becomes(command.id, replayed, 1));
        reserved += world_.outcome_name(command.id) == "reserved" ? 1 : 0;
    }
    EXPECT_EQ(reserved, 10) << "there are ten";
    world_.expect_sound();
}

TEST_F(DeadLetters, AreCountedWhileTheyWait) {
    const Health health(world_);
    const Services services(world_);
    client_.send_bytes(contract::kOrdersQueue, base::Uuid::make_v7(base::Time::now()), "{");
    EXPECT_TRUE(eventually([&] {
        return world_.metrics().to_text().find("stockroom_dead_letters_waiting 1\n") !=
               std::string::npos;
    }));
}

}  // namespace
}  // namespace stockroom::system_test
