#include <future>
#include <optional>
#include <stdexcept>

#include <gmock/gmock.h>

#include "stockroom/contract/names.hpp"
#include "stockroom/engine/worker.hpp"

#include "faults.hpp"
#include "world.hpp"

namespace stockroom::system_test {
namespace {

using ports::Published;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> codes_of(const std::vector<contract::ReadOutcome>& replies) {
    std::vector<std::string> codes;
    for (const auto& reply : replies)
        codes.emplace_back(contract::to_string(reply.outcome.code));
    return codes;
}

std::vector<std::string> event_types(World& world) {
    std::vector<std::string> types;
    for (const auto& logged : world.events())
        types.push_back(logged.event.type);
    return types;
}

TEST(Engine, TakesAnOrderAndAnswersIt) {
    World world;
    const Services services(world);
    Client client(world);
    const auto item = create_item(sku("IB1"), 50);
    ASSERT_EQ(client.send_and_wait(item), Published::durable);
    const auto order = place(sku("IB1"), 2);
    ASSERT_EQ(client.send_and_wait(order), Published::durable);

    EXPECT_EQ(world.outcome_name(item.id), "created");
    EXPECT_EQ(world.outcome_name(order.id), "reserved");
    EXPECT_THAT(codes_of(client.replies_to(order.id)), ElementsAre("reserved"));
    EXPECT_EQ(world.item(sku("IB1")).on_hand, 50);
    EXPECT_EQ(world.item(sku("IB1")).held, 2);
    EXPECT_THAT(event_types(world),
                ElementsAre("item.created", "level.changed", "order.reserved", "level.changed"));
    EXPECT_THAT(world.bus().dead_letters(), IsEmpty());
    world.expect_sound();
}

TEST(Engine, FoldsALevelsChangesToOneEventPerBatch) {
    World world;
    Client client(world);
    std::vector<Command> commands;
    {
        const Services services(world);
        ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 10)), Published::durable);
    }
    std::string message = "[";
    for (int i = 0; i < 5; ++i) {
        commands.push_back(place(sku("A"), 1));
        message += (i == 0 ? "" : ",") + contract::encode_command(commands.back());
    }
    client.send_bytes(contract::kOrdersQueue, commands[0].id, message + "]");
    const Services services(world);
    ASSERT_EQ(client.wait(commands[0].id), Published::durable);

    EXPECT_THAT(event_types(world),
                ElementsAre("item.created", "level.changed", "order.reserved", "order.reserved",
                            "order.reserved", "order.reserved", "order.reserved", "level.changed"));
    const auto last = world.events().back().event;
    EXPECT_EQ(last.key, "level/A/main");
    EXPECT_EQ(last.version, 6);
    EXPECT_EQ(last.command, commands[4].id);
    world.expect_sound();
}

TEST(Engine, AnswersTheSameCommandWithTheSameOutcomeAndDoesNothing) {
    World world;
    const Services services(world);
    Client client(world);
    ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 10)), Published::durable);
    const auto order = place(sku("A"), 3);
    ASSERT_EQ(client.send_and_wait(order), Published::durable);
    Client second(world);
    ASSERT_EQ(second.send_and_wait(order), Published::durable);
    EXPECT_EQ(second.replies_to(order.id).at(0).outcome, client.replies_to(order.id).at(0).outcome);
    EXPECT_EQ(world.item(sku("A")).held, 3);
    world.expect_sound();
}

TEST(Engine, RefusesAnotherBodyUnderTheSameId) {
    World world;
    const Services services(world);
    Client client(world);
    ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 10)), Published::durable);
    const auto order = place(sku("A"), 3);
    ASSERT_EQ(client.send_and_wait(order), Published::durable);
    auto other = place(sku("A"), 4);
    other.id = order.id;
    Client second(world);
    ASSERT_EQ(second.send_and_wait(other), Published::durable);
    EXPECT_THAT(codes_of(second.replies_to(order.id)), ElementsAre("idempotency_key_reused"));
    EXPECT_EQ(world.outcome_name(order.id), "reserved");
    EXPECT_EQ(world.item(sku("A")).held, 3);
}

TEST(Engine, DecidesAnIdOnceAlsoWithinABatch) {
    World world;
    Client client(world);
    {
        const Services services(world);
        ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 10)), Published::durable);
    }
    const auto order = place(sku("A"), 3);
    auto other = place(sku("A"), 4);
    other.id = order.id;
    const auto text = contract::encode_command(order);
    client.send_bytes(contract::kOrdersQueue, order.id,
                      "[" + text + "," + text + "," + contract::encode_command(other) + "]");
    const Services services(world);
    ASSERT_EQ(client.wait(order.id), Published::durable);
    EXPECT_THAT(codes_of(client.replies_to(order.id)),
                testing::UnorderedElementsAre("reserved", "reserved", "idempotency_key_reused"));
    EXPECT_EQ(world.item(sku("A")).held, 3);
    world.expect_sound();
}

TEST(Engine, StoresInvalidForABodyThatCannotBeUnderstood) {
    World world;
    const Services services(world);
    Client client(world);
    const auto id = base::Uuid::make_v7(base::Time::now());
    client.send_bytes(contract::kOrdersQueue, id,
                      R"({"id":")" + id.to_string() +
                          R"(","kind":"place_order","actor":"a","body":{"lines":[]}})");
    EXPECT_EQ(client.wait(id), Published::durable);
    const auto outcome = world.outcome(id);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(contract::to_string(outcome->code), "invalid");
    EXPECT_EQ(outcome->field, "lines");
    EXPECT_THAT(codes_of(client.replies_to(id)), ElementsAre("invalid"));
}

TEST(Engine, SetsWhatCannotBeReadAside) {
    World world;
    const Services services(world);
    Client client(world);
    const auto id = base::Uuid::make_v7(base::Time::now());
    client.send_bytes(contract::kOrdersQueue, id, "{broken");
    EXPECT_EQ(client.wait(id), Published::dead);
    const auto dead = world.bus().dead_letters();
    ASSERT_THAT(dead, SizeIs(1));
    EXPECT_EQ(dead[0].bytes, "{broken");
    EXPECT_FALSE(dead[0].reason.empty());
}

TEST(Engine, SetsACommandOfAnotherQueueAside) {
    World world;
    const Services services(world);
    Client client(world);
    const auto order = place(sku("A"), 1);
    client.send_bytes(contract::kStockQueue, order.id, contract::encode_command(order));
    EXPECT_EQ(client.wait(order.id), Published::dead);
    EXPECT_EQ(world.outcome_name(order.id), "none");
    EXPECT_THAT(world.bus().dead_letters().at(0).reason, HasSubstr("place_order"));
}

TEST(Engine, GoesOnWithTheGoodOnesOfAnArray) {
    World world;
    const Services services(world);
    Client client(world);
    ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 10)), Published::durable);
    const auto first = place(sku("A"), 1);
    const auto last = place(sku("A"), 2);
    client.send_bytes(contract::kOrdersQueue, first.id,
                      "[" + contract::encode_command(first) + R"(,{"no":"id"},)" +
                          contract::encode_command(last) + "]");
    EXPECT_EQ(client.wait(first.id), Published::dead) << "a part of it is";
    EXPECT_EQ(world.outcome_name(first.id), "reserved");
    EXPECT_EQ(world.outcome_name(last.id), "reserved");
    const auto dead = world.bus().dead_letters();
    ASSERT_THAT(dead, SizeIs(1));
    EXPECT_EQ(dead[0].bytes, R"({"no":"id"})");
    world.expect_sound();
}

TEST(Engine, SplitsWhatIsMoreThanOneCommitMayHold) {
    World world;
    Client client(world);
    constexpr int kMessages = 5;
    constexpr int kEach = 256;
    std::vector<base::Uuid> ids;
    for (int message = 0; message < kMessages; ++message) {
        std::string bytes = "[";
        for (int i = 0; i < kEach; ++i) {
            const auto command = create_item(sku(std::to_string(message * kEach + i)), 1);
            ids.push_back(command.id);
            bytes += (i == 0 ? "" : ",") + contract::encode_command(command);
        }
        client.send_bytes(contract::kCatalogueQueue, ids.back(), bytes + "]");
    }
    const Services services(world);
    for (std::size_t i = kEach - 1; i < ids.size(); i += kEach)
        EXPECT_EQ(client.wait(ids[i]), Published::durable);
    for (const auto& id : ids)
        EXPECT_EQ(world.outcome_name(id), "created");
    world.expect_sound();
}

TEST(Engine, ABugInOneDecisionMakesADeadLetterAndItsNeighboursGoOn) {
    World world;
    Client client(world);
    const auto bad = place(sku("BAD"), 2);
    {
        const Services services(world);
        for (const auto* name : {"BAD", "GOOD"})
            ASSERT_EQ(client.send_and_wait(create_item(sku(name), 10)), Published::durable);
        ASSERT_EQ(client.send_and_wait(bad), Published::durable);
    }
    // A level that says nothing is held, though the order's hold does.
    const Services services(world, [](std::unique_ptr<ports::Store> store) {
        return std::make_unique<FaultyStore>(
            std::move(store), Faults{.on_loaded = [](domain::Snapshot& snapshot) {
                snapshot.add_level({.sku = sku("BAD"),
                                    .location = domain::LocationCode::main(),
                                    .on_hand = 10,
                                    .held = 0,
                                    .version = 2});
            }});
    });
    const auto before = place(sku("GOOD"), 1);
    const auto cancel = of(domain::CancelOrder{bad.id, "", std::nullopt});
    const auto after = place(sku("GOOD"), 2);
    client.send_bytes(contract::kOrdersQueue, before.id,
                      "[" + contract::encode_command(before) + "," +
                          contract::encode_command(cancel) + "," + contract::encode_command(after) +
                          "]");
    EXPECT_EQ(client.wait(before.id), Published::dead) << "a part of it is";

    EXPECT_EQ(world.outcome_name(before.id), "reserved");
    EXPECT_EQ(world.outcome_name(after.id), "reserved");
    EXPECT_EQ(world.outcome_name(cancel.id), "none");
    EXPECT_THAT(client.replies_to(cancel.id), IsEmpty());
    const auto dead = world.dead(cancel.id);
    ASSERT_TRUE(dead.has_value());
    EXPECT_EQ(dead->kind, "cancel_order");
    EXPECT_THAT(dead->reason, HasSubstr("held must not be negative"));
    EXPECT_EQ(dead->bytes, contract::encode_command(cancel));
    const auto letters = world.bus().dead_letters();
    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(letters[0].bytes, dead->bytes);
    EXPECT_EQ(letters[0].reason, dead->reason);
    EXPECT_EQ(services.trouble(), "");
    EXPECT_EQ(world.item(sku("BAD")).held, 2);
    world.expect_sound();
}

TEST(Engine, CountsWhatItDoes) {
    World world;
    const Services services(world);
    Client client(world);
    ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 1)), Published::durable);
    const auto order = place(sku("A"), 2);
    ASSERT_EQ(client.send_and_wait(order), Published::durable);
    ASSERT_EQ(client.send_and_wait(order), Published::durable);
    const auto text = world.metrics().to_text();
    const auto shows = [&text](std::string_view line) { return text.find(line) != text.npos; };
    EXPECT_TRUE(
        shows("stockroom_commands_total{kind=\"place_order\",outcome=\"rejected\","
              "service=\"orders\"} 1\n"));
    EXPECT_TRUE(shows("stockroom_commands_repeated_total{service=\"orders\"} 1\n"));
    EXPECT_TRUE(shows("stockroom_batch_commands_count{service=\"orders\"} 2\n"));
    EXPECT_TRUE(shows("stockroom_commands_dead_total{service=\"orders\"} 0\n"));
}

TEST(Engine, ABugOutsideOfDecisionsEndsTheServiceAndIsToldOf) {
    World world;
    Client client(world);
    const auto item = create_item(sku("A"), 1);
    std::optional<Services> services;
    services.emplace(world, [](std::unique_ptr<ports::Store> store) {
        return std::make_unique<FaultyStore>(std::move(store),
                                             Faults{.on_loaded = [](domain::Snapshot&) {
                                                 throw std::logic_error("not of this world");
                                             }});
    });
    client.send(item);
    ASSERT_TRUE(eventually([&] { return !services->trouble().empty(); }));
    EXPECT_EQ(services->trouble(), "not of this world");
    services.reset();

    const Services healthy(world);
    EXPECT_EQ(client.wait(item.id), Published::durable);
    EXPECT_EQ(world.outcome_name(item.id), "created");
}

TEST(Engine, ABugOutsideOfDecisionsIsToldToTheProcess) {
    World world;
    std::promise<std::string> told;
    engine::Worker worker(
        {.service = "catalogue", .queue = std::string(contract::kCatalogueQueue)}, world.bus(),
        std::make_unique<FaultyStore>(
            world.make_store(),
            Faults{.on_loaded =
                       [](domain::Snapshot&) { throw std::logic_error("not of this world"); }}),
        world.metrics(), [&told](const std::string& reason) { told.set_value(reason); });
    worker.start();
    Client client(world);
    client.send(create_item(sku("A"), 1));
    EXPECT_EQ(told.get_future().get(), "catalogue: not of this world");
}

}  // namespace
}  // namespace stockroom::system_test
