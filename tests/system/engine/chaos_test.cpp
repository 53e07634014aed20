#include <random>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "stockroom/contract/names.hpp"
#include "stockroom/contract/status.hpp"

#include "world.hpp"

namespace stockroom::system_test {
namespace {

using ports::Published;
using testing::IsEmpty;

constexpr int kSkus = 3;
constexpr int kThreads = 4;
constexpr int kCommandsEach = 250;

/// What one client does, drawn from its seed: orders mostly, and what may come to them.
std::vector<Command> make_commands(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto up_to = [&random](std::uint64_t n) { return static_cast<int>(random() % n); };
    std::vector<Command> commands;
    std::vector<base::Uuid> orders;
    for (int i = 0; i < kCommandsEach; ++i) {
        const auto item = sku("S" + std::to_string(up_to(kSkus)));
        const auto what = orders.empty() ? 0 : up_to(10);
        const auto order =
            orders.empty() ? base::Uuid{} : orders[static_cast<std::size_t>(up_to(orders.size()))];
        if (what < 5) {
            const auto expires_in =
                up_to(20) == 0 ? std::chrono::seconds(1) : domain::kDefaultHoldTime;
            commands.push_back(
                place(domain::PlaceOrder{.customer = "",
                                         .lines = {{item, 1 + up_to(3)}, {sku("S0"), 1}},
                                         .confirm = up_to(3) == 0,
                                         .reference = "",
                                         .expires_in = expires_in}));
            orders.push_back(commands.back().id);
        } else if (what == 5) {
            commands.push_back(of(domain::ConfirmOrder{order, std::nullopt}));
        } else if (what == 6) {
            commands.push_back(of(domain::CancelOrder{order, "", std::nullopt}));
        } else if (what == 7) {
            commands.push_back(of(domain::FulfilOrder{order, {}, std::nullopt}));
        } else if (what == 8) {
            commands.push_back(receive(item, 1 + up_to(4)));
        } else {
            commands.push_back(adjust(item, -1 - up_to(3)));
        }
    }
    return commands;
}

/// Sends from a thread each, every tenth command twice.
void send_all(World& world, const std::vector<std::vector<Command>>& by_thread) {
    std::vector<std::jthread> threads;
    for (const auto& commands : by_thread)
        threads.emplace_back([&world, &commands] {
            Client client(world);
            for (std::size_t i = 0; i < commands.size(); ++i) {
                client.send(commands[i]);
                if (i % 10 == 0) client.send(commands[i]);
                if (i % 50 == 49) client.wait(commands[i].id);
            }
            for (const auto& command : commands)
                EXPECT_EQ(client.wait(command.id), Published::durable);
        });
}

void expect_one_event_per_order_decision(World& world) {
    std::set<std::pair<std::string, domain::Version>> seen;
    for (const auto& logged : world.events())
        EXPECT_TRUE(seen.emplace(logged.event.key, logged.event.version).second)
            << logged.event.key << " has version " << logged.event.version << " twice";
}

TEST(EngineChaos, EveryCommandHasOneOutcomeAndNothingIsOversold) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        World world({.chaos = bus_memory::Chaos{
                         .seed = seed, .duplicate = 0.15, .delay = 0.15, .reorder = 0.15}});
        const Services services(world);
        Client client(world);
        for (int i = 0; i < kSkus; ++i)
            ASSERT_EQ(client.send_and_wait(create_item(sku("S" + std::to_string(i)), 60)),
                      Published::durable);
        std::vector<std::vector<Command>> by_thread;
        for (std::uint64_t i = 0; i < kThreads; ++i)
            by_thread.push_back(make_commands(seed * 1'000 + i));
        send_all(world, by_thread);

        int done = 0;
        for (const auto& commands : by_thread)
            for (const auto& command : commands) {
                const auto outcome = world.outcome(command.id);
                ASSERT_TRUE(outcome.has_value());
                done += contract::is_done(outcome->code) ? 1 : 0;
            }
        EXPECT_GT(done, 50);
        EXPECT_THAT(world.bus().dead_letters(), IsEmpty());
        EXPECT_EQ(services.trouble(), "");
        expect_one_event_per_order_decision(world);
        world.expect_sound();
    }
}

TEST(EngineChaos, ThreeHundredBuyersGetExactlyTheHundredUnits) {
    constexpr int kBuyers = 300;
    constexpr int kUnits = 100;
    World world({.chaos = bus_memory::Chaos{.seed = 300, .duplicate = 0.2, .reorder = 0.2}});
    const Services services(world);
    Client maker(world);
    ASSERT_EQ(maker.send_and_wait(create_item(sku("HOT"), kUnits)), Published::durable);

    std::vector<Command> orders;
    for (int i = 0; i < kBuyers; ++i)
        orders.push_back(place(sku("HOT"), 1));
    {
        std::vector<std::jthread> buyers;
        for (const auto& order : orders)
            buyers.emplace_back([&world, &order] {
                Client client(world);
                EXPECT_EQ(client.send_and_wait(order), Published::durable);
                EXPECT_EQ(client.send_and_wait(order), Published::durable);
            });
    }
    int sold = 0;
    int refused = 0;
    for (const auto& order : orders) {
        const auto name = world.outcome_name(order.id);
        sold += name == "reserved" ? 1 : 0;
        refused += name == "rejected" ? 1 : 0;
    }
    EXPECT_EQ(sold, kUnits);
    EXPECT_EQ(refused, kBuyers - kUnits);
    EXPECT_EQ(world.item(sku("HOT")).held, kUnits);
    world.expect_sound();
}

}  // namespace
}  // namespace stockroom::system_test
