#include <gmock/gmock.h>

#include "stockroom/catalogue/service.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/orders/service.hpp"

#include "empty_queries.hpp"
#include "world.hpp"

namespace stockroom::system_test {
namespace {

using namespace std::chrono_literals;
using ports::Published;
using testing::IsEmpty;

Command place_for_a_second(const domain::Sku& sku) {
    return place(domain::PlaceOrder{
        .customer = "", .lines = {{sku, 1}}, .confirm = false, .reference = "", .expires_in = 1s});
}

/// Whether an order's time is over, or it has been expired.
bool is_over(ports::Queries& queries, const base::Uuid& order) {
    const auto found = queries.order(order).value().value();
    const auto& expires_at = found.hold.value().expires_at;
    return !expires_at || *expires_at < base::Time::now();
}

TEST(Expiry, AShortageFirstExpiresWhatIsDueHoweverMuchThatIs) {
    // More than a store loads at once.
    constexpr int kHolds = 2'300;
    World world;
    const Services services(world);
    Client client(world);
    ASSERT_EQ(client.send_and_wait(create_item(sku("A"), kHolds)), Published::durable);
    std::vector<Command> orders;
    for (int i = 0; i < kHolds; ++i) {
        orders.push_back(place_for_a_second(sku("A")));
        client.send(orders.back());
    }
    for (const auto& order : orders)
        ASSERT_EQ(client.wait(order.id), Published::durable);
    const auto queries = world.make_queries();
    ASSERT_TRUE(eventually([&] { return is_over(*queries, orders.back().id); }));

    const auto everything = place(sku("A"), kHolds);
    ASSERT_EQ(client.send_and_wait(everything), Published::durable);
    EXPECT_EQ(world.outcome_name(everything.id), "reserved");
    EXPECT_EQ(world.item(sku("A")).held, kHolds);
    int expired = 0;
    for (const auto& logged : world.events())
        if (logged.event.type == "order.expired") {
            ++expired;
            EXPECT_EQ(logged.event.actor, "system:expiry");
        }
    EXPECT_EQ(expired, kHolds);
    world.expect_sound();
}

TEST(Expiry, TheSweeperGivesStockBackThatNobodyAsksFor) {
    World world;
    catalogue::CatalogueService catalogue(world.bus(), world.make_store(), world.metrics());
    orders::OrdersService orders(world.bus(), world.make_store(), world.make_queries(),
                                 world.metrics(), {}, 5ms);
    EXPECT_NE(catalogue.trouble(), "") << "not started";
    catalogue.start();
    orders.start();
    Client client(world);
    ASSERT_EQ(client.send_and_wait(create_item(sku("A"), 5)), Published::durable);
    for (int i = 0; i < 3; ++i)
        ASSERT_EQ(client.send_and_wait(place_for_a_second(sku("A"))), Published::durable);
    const auto kept = place(sku("A"), 1);
    ASSERT_EQ(client.send_and_wait(kept), Published::durable);

    EXPECT_TRUE(eventually([&] { return world.item(sku("A")).held == 1; }));
    EXPECT_EQ(catalogue.trouble(), "");
    EXPECT_EQ(orders.trouble(), "");
    orders.stop();
    catalogue.stop();
    EXPECT_THAT(world.bus().dead_letters(), IsEmpty());
    world.expect_sound();
}

/// Always finds one order due.
class StuckQueries final : public ports::testing::EmptyQueries {
  public:
    Result<std::vector<DueOrder>> due_orders(std::size_t /*limit*/) override {
        const base::lock_guard lock(mutex_);
        ++asked_;
        changed_.notify_all();
        return std::vector<DueOrder>{{base::Uuid{}, base::Time::from_microseconds(1'000'000)}};
    }
    [[nodiscard]] bool wait_until_asked(int times) {
        const auto deadline = patience();
        const base::lock_guard lock(mutex_);
        while (asked_ < times)
            if (!changed_.wait_until(mutex_, deadline)) return false;
        return true;
    }
    [[nodiscard]] int asked() {
        const base::lock_guard lock(mutex_);
        return asked_;
    }

  private:
    base::mutex mutex_;
    base::condition changed_;
    int asked_ STOCKROOM_GUARDED_BY(mutex_) = 0;
};

/// A sweeper whose one order is due whatever happens, and the queue it publishes to.
struct Stuck {
    Stuck() { sweeper.start(); }
    std::vector<ports::Delivery> take(base::Deadline deadline) {
        return consumer->take(10, deadline).value();
    }

    telemetry::Metrics metrics;
    bus_memory::MemoryBus bus{metrics};
    std::unique_ptr<ports::Consumer> consumer = bus.make_consumer(contract::kOrdersQueue);
    std::unique_ptr<StuckQueries> owned = std::make_unique<StuckQueries>();
    StuckQueries& queries = *owned;
    orders::ExpirySweeper sweeper{bus, std::move(owned), metrics, 1ms};
};

TEST(Expiry, TheSweeperPublishesTheSameCommandForTheSameOrderAndExpiry) {
    std::vector<std::string> published;
    for (int i = 0; i < 2; ++i) {
        Stuck stuck;
        published.push_back(stuck.take(patience()).at(0).bytes);
    }
    EXPECT_EQ(published[0], published[1]);
    const auto read = contract::decode_message(published[0]).at(0);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->kind, domain::CommandKind::expire_order);
    EXPECT_EQ(read->command->actor, "system:expiry");
}

TEST(Expiry, TheSweeperDoesNotLookAgainBeforeAllIsConfirmed) {
    Stuck stuck;
    ASSERT_EQ(stuck.take(patience()).size(), 1U);
    EXPECT_THAT(stuck.take(base::in(20ms)), IsEmpty());
    EXPECT_EQ(stuck.queries.asked(), 1);
}

TEST(Expiry, TheSweeperDoesNotSendAgainWhatEndedAsADeadLetter) {
    Stuck stuck;
    const auto taken = stuck.take(patience());
    ASSERT_EQ(taken.size(), 1U);
    const auto tag = taken[0].tag;
    ASSERT_TRUE(stuck.consumer->dead_letter(tag, taken[0].bytes, "a bug").has_value());
    ASSERT_TRUE(stuck.consumer->ack(std::span(&tag, 1)).has_value());
    ASSERT_TRUE(stuck.queries.wait_until_asked(4));
    EXPECT_THAT(stuck.take(base::in(0s)), IsEmpty());
}

}  // namespace
}  // namespace stockroom::system_test
