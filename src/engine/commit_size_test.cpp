#include <memory>
#include <numeric>
#include <stop_token>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "stockroom/contract/codec.hpp"
#include "stockroom/engine/engine.hpp"

namespace stockroom::engine {
namespace {

domain::Sku sku() {
    return domain::Sku::parse("A").value();
}

/// Gives all it has at once, and then ends the engine.
class OneTake final : public ports::Consumer {
  public:
    OneTake(std::vector<ports::Delivery> deliveries, std::stop_source& stop)
        : deliveries_(std::move(deliveries)), stop_(stop) {}

    std::expected<std::vector<ports::Delivery>, ports::Error> take(
        std::size_t /*messages_max*/, base::Deadline /*deadline*/) override {
        if (deliveries_.empty()) stop_.request_stop();
        return std::exchange(deliveries_, {});
    }
    void interrupt() override {}
    void reply(std::vector<ports::AddressedReply> /*replies*/) override {}
    std::expected<void, ports::Error> ack(std::span<const std::uint64_t> tags) override {
        acked.insert(acked.end(), tags.begin(), tags.end());
        return {};
    }
    std::expected<void, ports::Error> give_back(std::span<const std::uint64_t> tags) override {
        given_back.insert(given_back.end(), tags.begin(), tags.end());
        return {};
    }
    std::expected<void, ports::Error> dead_letter(std::uint64_t /*tag*/, std::string_view /*bytes*/,
                                                  std::string_view /*reason*/) override {
        return {};
    }

    std::vector<std::uint64_t> acked;
    std::vector<std::uint64_t> given_back;

  private:
    std::vector<ports::Delivery> deliveries_;
    std::stop_source& stop_;
};

/// Knows no item, and how many outcomes each commit had.
class CountingStore final : public ports::Store {
  public:
    std::expected<std::unique_ptr<ports::Transaction>, ports::Error> begin(
        std::span<const base::Uuid> /*commands*/, const domain::Keys& /*keys*/,
        base::Deadline /*deadline*/) override {
        return std::make_unique<Counted>(*this);
    }

    std::vector<std::size_t> commits;
    std::stop_source* stop_after_commit = nullptr;

  private:
    class Counted final : public ports::Transaction {
      public:
        explicit Counted(CountingStore& store) : store_(store) { snapshot_.add_sku(sku()); }
        [[nodiscard]] const std::vector<ports::StoredOutcome>& outcomes() const override {
            return none_;
        }
        [[nodiscard]] domain::Snapshot& snapshot() override { return snapshot_; }
        [[nodiscard]] std::expected<void, ports::Error> commit(
            const ports::Commit& commit) override {
            store_.commits.push_back(commit.outcomes.size());
            if (store_.stop_after_commit != nullptr) store_.stop_after_commit->request_stop();
            return {};
        }

      private:
        CountingStore& store_;
        domain::Snapshot snapshot_{base::Time()};
        std::vector<ports::StoredOutcome> none_;
    };
};

/// Together more than two commits take in.
std::vector<ports::Delivery> large_orders() {
    domain::PlaceOrder wish{.customer = "", .lines = {}, .reference = ""};
    wish.lines.assign(domain::kMaxOrderLines, {sku(), 1});
    std::vector<ports::Delivery> deliveries;
    for (std::uint64_t tag = 1; tag <= 100; ++tag)
        deliveries.push_back(
            {.tag = tag,
             .bytes = contract::encode_command({.id = base::Uuid::make_v7(base::Time::now()),
                                                .actor = "anonymous",
                                                .at = std::nullopt,
                                                .body = wish}),
             .reply_to = "",
             .earlier_deliveries = 0});
    return deliveries;
}

struct Given {
    void run() {
        Engine engine({.service = "orders", .queue = "stockroom.orders"}, consumer, store, metrics);
        engine.run(stop.get_token());
    }

    std::stop_source stop;
    OneTake consumer{large_orders(), stop};
    CountingStore store;
    telemetry::Metrics metrics;
};

TEST(Engine, CommitsLargeCommandsInSeveralCommits) {
    Given given;
    given.run();
    EXPECT_GT(given.store.commits.size(), 2U);
    EXPECT_EQ(std::accumulate(given.store.commits.begin(), given.store.commits.end(), 0UZ), 100U);
    EXPECT_EQ(given.consumer.acked.size(), 100U);
    EXPECT_TRUE(given.consumer.given_back.empty());
}

TEST(Engine, StopsBetweenTheCommitsOfOneTake) {
    Given given;
    given.store.stop_after_commit = &given.stop;
    given.run();
    ASSERT_EQ(given.store.commits.size(), 1U);
    EXPECT_EQ(given.consumer.acked.size(), given.store.commits[0]);
    EXPECT_EQ(given.consumer.given_back.size(), 100U - given.store.commits[0]);
}

}  // namespace
}  // namespace stockroom::engine
