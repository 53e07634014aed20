#include <atomic>
#include <random>
#include <set>
#include <stdexcept>

#include <gmock/gmock.h>

#include "stockroom/contract/names.hpp"

#include "faults.hpp"
#include "world.hpp"

namespace stockroom::system_test {
namespace {

using namespace std::chrono_literals;
using ports::Error;
using ports::ErrorKind;
using ports::Published;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

engine::EngineOptions orders_engine() {
    return {.service = "orders",
            .queue = std::string(contract::kOrdersQueue),
            .backoff_max = std::chrono::milliseconds(20)};
}

/// A consumer whose process dies at the nth call of ack or dead_letter.
class DyingConsumer final : public ports::Consumer {
  public:
    struct Death : std::runtime_error {
        Death() : std::runtime_error("killed") {}
    };

    DyingConsumer(std::unique_ptr<ports::Consumer> real, int acks_before_death)
        : real_(std::move(real)), acks_left_(acks_before_death) {}

    std::expected<std::vector<ports::Delivery>, Error> take(std::size_t messages_max,
                                                            base::Deadline deadline) override {
        auto taken = real_->take(messages_max, deadline);
        if (taken && !taken->empty()) sizes_.push_back(taken->size());
        return taken;
    }
    void interrupt() override { real_->interrupt(); }
    void reply(std::vector<ports::Reply> replies) override { real_->reply(std::move(replies)); }
    std::expected<void, Error> ack(std::span<const std::uint64_t> tags) override {
        if (acks_left_-- == 0) throw Death();
        return real_->ack(tags);
    }
    std::expected<void, Error> give_back(std::span<const std::uint64_t> tags) override {
        return real_->give_back(tags);
    }
    std::expected<void, Error> dead_letter(std::uint64_t tag, std::string_view bytes,
                                           std::string_view reason) override {
        return real_->dead_letter(tag, bytes, reason);
    }

    /// Of the takes that gave something.
    [[nodiscard]] const std::vector<std::size_t>& sizes() const { return sizes_; }

  private:
    std::unique_ptr<ports::Consumer> real_;
    int acks_left_;
    std::vector<std::size_t> sizes_;
};

TEST(EngineTrouble, ACrashBetweenCommitAndAckLeavesOneOutcomeEach) {
    World world;
    Client client(world);
    {
        const Services services(world);
        ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 100)), Published::durable);
    }
    std::vector<Command> orders;
    for (int i = 0; i < 10; ++i) {
        orders.push_back(place(sku("A"), 1));
        client.send(orders.back());
    }
    // The first message comes alone, the others together; the second ack never happens.
    {
        DyingConsumer consumer(world.bus().make_consumer(contract::kOrdersQueue), 1);
        const auto store = world.make_store();
        engine::Engine engine(orders_engine(), consumer, *store, world.metrics());
        EXPECT_THROW(engine.run({}), DyingConsumer::Death);
        EXPECT_THAT(consumer.sizes(), ElementsAre(1U, 9U));
    }
    EXPECT_EQ(world.item(sku("A")).held, 10) << "it was committed";

    const Services services(world);
    for (const auto& order : orders) {
        EXPECT_EQ(client.wait(order.id), Published::durable);
        EXPECT_EQ(world.outcome_name(order.id), "reserved");
    }
    EXPECT_EQ(world.item(sku("A")).held, 10);
    world.expect_sound();
}

TEST(EngineTrouble, WhatWasGivenOutBeforeIsTakenOneAtATime) {
    World world;
    Client client(world);
    for (int i = 0; i < 5; ++i)
        client.send(place(sku("A"), 1));
    {
        const auto crashed = world.bus().make_consumer(contract::kOrdersQueue);
        ASSERT_EQ(crashed->take(3, patience())->size(), 3U);
    }
    DyingConsumer consumer(world.bus().make_consumer(contract::kOrdersQueue), 4);
    const auto store = world.make_store();
    engine::Engine engine(orders_engine(), consumer, *store, world.metrics());
    for (int i = 0; i < 5; ++i)
        client.send(place(sku("A"), 1));
    EXPECT_THROW(engine.run({}), DyingConsumer::Death);
    EXPECT_THAT(consumer.sizes(), ElementsAre(1U, 1U, 1U, 1U, 6U));
}

/// Fails at random: before anything was done, or after it was.
Faults random_faults(std::uint64_t seed) {
    const auto random = std::make_shared<std::mt19937_64>(seed);
    const auto happens = [random](unsigned percent) { return (*random)() % 100 < percent; };
    const auto fail = [happens](unsigned percent, ErrorKind kind) -> std::optional<Error> {
        if (!happens(percent)) return std::nullopt;
        return Error{kind, "a fault of the test"};
    };
    return {.on_begin = [fail] { return fail(15, ErrorKind::retryable); },
            .before_commit =
                [fail](const ports::Commit&) {
                    auto error = fail(15, ErrorKind::conflict);
                    return error ? error : fail(10, ErrorKind::retryable);
                },
            .after_commit = [fail] { return fail(15, ErrorKind::retryable); }};
}

TEST(EngineTrouble, AStoreThatFailsNowAndThenChangesNoOutcome) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        World world;
        const Services services(world, [seed](std::unique_ptr<ports::Store> store) {
            return std::make_unique<FaultyStore>(std::move(store), random_faults(seed));
        });
        Client client(world);
        ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 50)), Published::durable);
        std::vector<Command> orders;
        for (int i = 0; i < 200; ++i) {
            orders.push_back(place(sku("A"), 1));
            client.send(orders.back());
            if (i % 10 == 9) client.wait(orders.back().id);
        }
        int reserved = 0;
        for (const auto& order : orders) {
            EXPECT_EQ(client.wait(order.id), Published::durable);
            reserved += world.outcome_name(order.id) == "reserved" ? 1 : 0;
        }
        EXPECT_EQ(reserved, 50);
        EXPECT_EQ(world.item(sku("A")).held, 50);
        EXPECT_THAT(world.bus().dead_letters(), IsEmpty());
        world.expect_sound();
    }
}

TEST(EngineTrouble, AnotherWritersConflictIsDecidedAgainOnFreshRows) {
    World world;
    Client client(world);
    {
        const Services services(world);
        ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 1)), Published::durable);
    }
    // While the batch is decided, somebody else takes the last unit: the commit is a conflict.
    const auto rival = place(sku("A"), 1);
    bool has_rival_been = false;
    bool must_conflict = false;
    FaultyStore store(world.make_store(),
                      {.on_begin = [&]() -> std::optional<Error> {
                           if (!must_conflict || std::exchange(has_rival_been, true))
                               return std::nullopt;
                           const Services services(world);
                           EXPECT_EQ(client.send_and_wait(rival), Published::durable);
                           return std::nullopt;
                       },
                       .before_commit = [&](const ports::Commit&) -> std::optional<Error> {
                           if (std::exchange(must_conflict, true)) return std::nullopt;
                           return Error{ErrorKind::conflict, "a row moved"};
                       }});
    const auto late = place(sku("A"), 1);
    DyingConsumer consumer(world.bus().make_consumer(contract::kOrdersQueue), 0);
    engine::Engine engine(orders_engine(), consumer, store, world.metrics());
    client.send(late);
    EXPECT_THROW(engine.run({}), DyingConsumer::Death);
    EXPECT_EQ(world.outcome_name(rival.id), "reserved");
    EXPECT_EQ(world.outcome_name(late.id), "rejected");
    world.expect_sound();
}

TEST(EngineTrouble, TheOneThatIsRefusedForGoodIsFoundAndItsNeighboursGoOn) {
    World world;
    Client client(world);
    {
        const Services services(world);
        ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 100)), Published::durable);
    }
    std::vector<Command> orders;
    for (int i = 0; i < 7; ++i) {
        orders.push_back(place(sku("A"), 1));
        client.send(orders.back());
    }
    const auto guilty = orders[4].id;
    const Services services(world, [guilty](std::unique_ptr<ports::Store> store) {
        return std::make_unique<FaultyStore>(
            std::move(store),
            Faults{.before_commit = [guilty](const ports::Commit& commit) -> std::optional<Error> {
                for (const auto& outcome : commit.outcomes)
                    if (outcome.command == guilty) return Error{ErrorKind::permanent, "refused"};
                return std::nullopt;
            }});
    });
    for (const auto& order : orders) {
        const bool is_guilty = order.id == guilty;
        EXPECT_EQ(client.wait(order.id), is_guilty ? Published::dead : Published::durable);
        EXPECT_EQ(world.outcome_name(order.id), is_guilty ? "none" : "reserved");
    }
    ASSERT_TRUE(world.dead(guilty).has_value());
    EXPECT_EQ(world.dead(guilty)->reason, "refused");
    EXPECT_THAT(world.bus().dead_letters(), SizeIs(1));
    EXPECT_EQ(world.item(sku("A")).held, 6);
    world.expect_sound();
}

TEST(EngineTrouble, AStoreThatRefusesEverythingMakesNoDeadLettersAndIsToldOf) {
    World world;
    Client client(world);
    std::atomic<bool> is_broken = true;  // the store of every service, from the test's thread
    const Services services(world, [&](std::unique_ptr<ports::Store> store) {
        return std::make_unique<FaultyStore>(
            std::move(store),
            Faults{.before_commit = [&](const ports::Commit&) -> std::optional<Error> {
                if (!is_broken) return std::nullopt;
                return Error{ErrorKind::permanent, "read-only file"};
            }});
    });
    const auto item = create_item(sku("A"), 1);
    client.send(item);
    ASSERT_TRUE(eventually([&] { return !services.trouble().empty(); }));
    EXPECT_EQ(services.trouble(), "read-only file");
    is_broken = false;
    EXPECT_EQ(client.wait(item.id), Published::durable);
    EXPECT_EQ(world.outcome_name(item.id), "created");
    EXPECT_THAT(world.bus().dead_letters(), IsEmpty());
    EXPECT_TRUE(eventually([&] { return services.trouble().empty(); }));
}

TEST(EngineTrouble, StopsInTroubleAndGivesBackWhatItTook) {
    World world;
    Client client(world);
    const auto item = create_item(sku("A"), 1);
    {
        const Services services(world, [](std::unique_ptr<ports::Store> store) {
            return std::make_unique<FaultyStore>(
                std::move(store), Faults{.on_begin = [] {
                    return std::optional(Error{ErrorKind::retryable, "away"});
                }});
        });
        client.send(item);
        ASSERT_TRUE(eventually([&] { return !services.trouble().empty(); }));
    }
    EXPECT_EQ(world.outcome_name(item.id), "none");
    const Services services(world);
    EXPECT_EQ(client.wait(item.id), Published::durable);
    EXPECT_EQ(world.outcome_name(item.id), "created");
}

}  // namespace
}  // namespace stockroom::system_test
