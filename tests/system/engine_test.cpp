#include "stockroom/base/check.hpp"
#include "stockroom/engine/engine.hpp"

#include <array>
#include <future>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "engine_world.hpp"
#include "faulty_store.hpp"

namespace stockroom::system {
namespace {

using ports::Published;

constexpr std::array<std::string_view, 3> kSkus{"A", "B", "C"};

/// Commands of all services on few items, so that they meet.
std::vector<domain::Command> mixed_commands(std::uint64_t seed, int count) {
    std::mt19937_64 random(seed);
    std::vector<domain::Command> commands;
    for (int i = 0; i < count; ++i) {
        const auto name = kSkus.at(random() % kSkus.size());
        const auto quantity = static_cast<domain::Quantity>(1 + random() % 5);
        switch (random() % 8) {
            case 0:
                commands.push_back(command(domain::ReceiveStock{
                    sku(name), domain::LocationCode::main(), quantity, "", ""}));
                break;
            case 1:
                commands.push_back(command(domain::AdjustStock{
                    sku(name), domain::LocationCode::main(), -quantity, "", ""}));
                break;
            case 2:
                commands.push_back(
                    command(domain::ChangeItem{.sku = sku(name),
                                               .name = "new",
                                               .label = std::nullopt,
                                               .price = base::Money::from_minor(quantity),
                                               .reorder_point = std::nullopt,
                                               .expected_version = std::nullopt}));
                break;
            default:
                commands.push_back(command(domain::PlaceOrder{.customer = "",
                                                              .lines = {{sku(name), quantity}},
                                                              .confirm = random() % 2 == 0,
                                                              .reference = ""}));
        }
    }
    return commands;
}

void open_items(Client& client) {
    for (const auto name : kSkus)
        client.send(create(name, 200));
    client.wait();
}

/// Sends mixed commands from several threads, and checks that each ends with its one outcome.
void expect_all_settled(World& world, Client& client, std::uint64_t seed, int of_each_thread) {
    open_items(client);
    std::vector<std::vector<domain::Command>> shares;
    for (std::uint64_t thread = 0; thread < 4; ++thread)
        shares.push_back(mixed_commands(seed * 4 + thread, of_each_thread));
    {
        std::vector<std::jthread> threads;
        for (const auto& share : shares)
            threads.emplace_back([&client, &share] {
                for (const auto& one : share)
                    client.send(one);
            });
    }
    client.wait();
    EXPECT_EQ(client.count(Published::durable), 4 * of_each_thread + std::ssize(kSkus));
    EXPECT_EQ(client.count_contradictions(), 0);
    for (const auto& share : shares)
        for (const auto& one : share)
            ASSERT_NE(world.stored_outcome(one.id), "") << contract::encode_command(one);
    EXPECT_EQ(world.audit(), "");
}

TEST(Engine, GivesEachCommandOneOutcomeWhateverTheBusDoes) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        World world({.chaos = bus_memory::Chaos{
                         .seed = seed, .duplicate = 0.3, .delay = 0.2, .reorder = 0.3}});
        Client client(world.bus());
        expect_all_settled(world, client, seed, 100);
    }
}

TEST(Engine, GivesEachCommandOneOutcomeWhateverTheStoreDoes) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        std::uint64_t stores = 0;
        World world({}, [seed, &stores](std::unique_ptr<ports::Store> store) {
            return std::make_unique<FaultyStore>(std::move(store),
                                                 random_faults(seed * 100 + stores++));
        });
        Client client(world.bus());
        expect_all_settled(world, client, seed, 50);
    }
}

/// Ends its engine, as a crash would, where it should have acked.
class DiesBeforeAck final : public ports::Consumer {
  public:
    struct Crash {};
    explicit DiesBeforeAck(std::unique_ptr<ports::Consumer> consumer)
        : consumer_(std::move(consumer)) {}

    std::expected<std::vector<ports::Delivery>, ports::Error> take(
        std::size_t messages_max, base::Deadline deadline) override {
        return consumer_->take(messages_max, deadline);
    }
    void interrupt() override { consumer_->interrupt(); }
    void reply(std::vector<ports::AddressedReply> /*replies*/) override {}
    std::expected<void, ports::Error> ack(std::span<const std::uint64_t> /*tags*/) override {
        throw Crash();
    }
    std::expected<void, ports::Error> give_back(std::span<const std::uint64_t> tags) override {
        return consumer_->give_back(tags);
    }
    std::expected<void, ports::Error> dead_letter(std::uint64_t tag, std::string_view bytes,
                                                  std::string_view reason) override {
        return consumer_->dead_letter(tag, bytes, reason);
    }

  private:
    std::unique_ptr<ports::Consumer> consumer_;
};

TEST(Engine, DoesNothingTwiceAfterACrashBetweenCommitAndAck) {
    World world;
    Client client(world.bus());
    client.send_and_wait(create("A", 10));
    world.stop();

    const auto placed = order("A", 3);
    client.send(placed);
    {
        const auto store = world.database().make_store().value();
        DiesBeforeAck consumer(world.bus().make_consumer(contract::kOrdersQueue));
        engine::Engine engine({.service = "orders", .queue = std::string(contract::kOrdersQueue)},
                              consumer, *store, world.metrics());
        EXPECT_THROW(engine.run({}), DiesBeforeAck::Crash);
    }
    EXPECT_EQ(world.stored_outcome(placed.id), "reserved");
    EXPECT_EQ(client.count(Published::durable), 1);  // the item's: nobody was told of the order yet

    world.start();
    client.wait();
    EXPECT_EQ(client.outcome(placed.id), "reserved");
    EXPECT_EQ(world.item("A").held, 3);
    EXPECT_EQ(world.audit(), "");
}

TEST(Engine, SellsWhatIsThereAndNoMore) {
    World world;
    Client client(world.bus());
    client.send_and_wait(create("A", 100));
    std::vector<domain::Command> buyers;
    for (int i = 0; i < 300; ++i) {
        buyers.push_back(order("A", 1));
        client.send(buyers.back());
    }
    client.wait();
    const auto sold = std::ranges::count_if(
        buyers, [&client](const auto& buyer) { return client.outcome(buyer.id) == "reserved"; });
    EXPECT_EQ(sold, 100);
    EXPECT_EQ(world.item("A").held, 100);
    EXPECT_EQ(world.audit(), "");
}

TEST(Engine, RefusesAnotherBodyUnderAnIdThatWasUsed) {
    World world;
    Client client(world.bus());
    client.send_and_wait(create("A", 10));
    const auto first = order("A", 1);
    client.send_and_wait(first);
    auto second = order("A", 2);
    second.id = first.id;
    client.send_and_wait(second);
    EXPECT_EQ(client.outcome(first.id), "idempotency_key_reused");
    EXPECT_EQ(world.stored_outcome(first.id), "reserved");
    EXPECT_EQ(world.item("A").held, 1);
}

TEST(Engine, DecidesTheGoodOnesOfAnArrayAndSetsTheRestAside) {
    World world;
    Client client(world.bus());
    client.send_and_wait(create("A", 10));
    const auto good = order("A", 1);
    auto wrong_queue = create("B", 1);
    const auto invalid_id = base::Uuid::make_v7(base::Time::now());
    const auto last = order("A", 2);
    client.send_bytes(
        contract::kOrdersQueue, good.id,
        fmt::format(R"([{},{{"kind":"place_order"}},{},)"
                    R"({{"id":"{}","kind":"place_order","actor":"a","body":{{"lines":[]}}}},{}])",
                    contract::encode_command(good), contract::encode_command(wrong_queue),
                    invalid_id.to_string(), contract::encode_command(last)));
    client.wait();
    EXPECT_EQ(world.stored_outcome(good.id), "reserved");
    EXPECT_EQ(world.stored_outcome(last.id), "reserved");
    EXPECT_EQ(world.stored_outcome(invalid_id), "invalid");
    EXPECT_EQ(world.stored_outcome(wrong_queue.id), "");
    EXPECT_EQ(world.bus().dead_letters().letters.size(), 2U);
    EXPECT_EQ(world.item("A").held, 3);
}

TEST(Engine, SetsAsideTheOneCommandThatTheStoreRefusesForGood) {
    const auto guilty = order("A", 1);
    World world({}, [&guilty](std::unique_ptr<ports::Store> store) {
        return std::make_unique<FaultyStore>(
            std::move(store), [&guilty](const ports::Commit* commit) -> std::optional<Fault> {
                if (commit == nullptr) return std::nullopt;
                const auto has_it = [&guilty](const auto& row) { return row.command == guilty.id; };
                return std::ranges::any_of(commit->outcomes, has_it) ? std::optional(Fault::refuses)
                                                                     : std::nullopt;
            });
    });
    Client client(world.bus());
    client.send_and_wait(create("A", 100));
    std::vector<domain::Command> good;
    for (int i = 0; i < 20; ++i) {
        good.push_back(order("A", 1));
        client.send(good.back());
        if (i == 10) client.send(guilty);
    }
    client.wait();
    for (const auto& one : good)
        EXPECT_EQ(world.stored_outcome(one.id), "reserved");
    EXPECT_EQ(world.stored_outcome(guilty.id), "");
    EXPECT_TRUE(world.queries().dead_command(guilty.id).value().has_value());
    EXPECT_EQ(client.count(Published::dead), 1);
    EXPECT_EQ(world.item("A").held, 20);
}

TEST(Engine, SetsAsideACommandThatBreaksAPromiseAndGoesOn) {
    World world;
    Client client(world.bus());
    client.send_and_wait(create("A", 10));
    const auto broken = order("A", 1);
    client.send_and_wait(broken);

    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(world.path().c_str(), &raw), SQLITE_OK);
    const std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(raw, sqlite3_close);
    ASSERT_EQ(
        sqlite3_exec(raw, "DELETE FROM hold_lines; DELETE FROM holds;", nullptr, nullptr, nullptr),
        SQLITE_OK);

    const auto confirm = command(domain::ConfirmOrder{broken.id, std::nullopt});
    const auto neighbour = order("A", 2);
    client.send(confirm);
    client.send(neighbour);
    client.wait();
    EXPECT_EQ(world.stored_outcome(confirm.id), "");
    const auto dead = world.queries().dead_command(confirm.id).value();
    ASSERT_TRUE(dead.has_value());
    EXPECT_THAT(dead->reason, testing::HasSubstr("hold"));
    EXPECT_EQ(world.stored_outcome(neighbour.id), "reserved");
    EXPECT_EQ(world.queries().order(broken.id).value()->order.state, domain::OrderState::reserved);
}

/// Fails in a way that no port allows.
class BrokenStore final : public ports::Store {
  public:
    std::expected<std::unique_ptr<ports::Transaction>, ports::Error> begin(
        std::span<const base::Uuid> /*commands*/, const domain::Keys& /*keys*/,
        base::Deadline /*deadline*/) override {
        throw base::bug("broken on purpose");
    }
};

TEST(Worker, TellsThatItHasEndedByABug) {
    telemetry::Metrics metrics;
    bus_memory::MemoryBus bus(metrics);
    std::promise<std::string> failure;
    engine::Worker worker({.service = "orders", .queue = std::string(contract::kOrdersQueue)}, bus,
                          std::make_unique<BrokenStore>(), metrics,
                          [&failure](const std::string& reason) { failure.set_value(reason); });
    worker.start();
    Client client(bus);
    client.send(order("A", 1));
    EXPECT_EQ(failure.get_future().get(), "orders: broken on purpose");
    EXPECT_EQ(worker.trouble(), "broken on purpose");
    bus.close();
    client.wait();
}

TEST(Engine, FreesMoreDueHoldsThanAreLoadedAtOnce) {
    constexpr int kHolds = 1'500;
    World world;
    Client client(world.bus());
    client.send_and_wait(create("A", kHolds));
    for (int i = 0; i < kHolds; ++i)
        client.send(order("A", 1, std::chrono::seconds(1)));
    client.wait();
    EXPECT_EQ(world.item("A").held, kHolds);

    const auto deadline = base::in(kPatience);
    while (world.queries().due_orders(kHolds).value().size() < kHolds)
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    const auto all = order("A", kHolds);
    client.send_and_wait(all);
    EXPECT_EQ(client.outcome(all.id), "reserved");
    EXPECT_EQ(world.item("A").held, kHolds);
    EXPECT_EQ(world.audit(), "");
}

}  // namespace
}  // namespace stockroom::system
