#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "stockroom/contract/codec.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/store.hpp"

namespace stockroom::engine::testing {

inline domain::Sku sku() {
    return domain::Sku::parse("A").value();
}

inline base::Uuid id(std::uint64_t number) {
    base::Uuid::Bytes bytes{};
    bytes[14] = static_cast<std::uint8_t>(number >> 8U);
    bytes[15] = static_cast<std::uint8_t>(number);
    return base::Uuid(bytes);
}

/// Gives all it has at once, and then ends the engine.
class OneTake final : public ports::Consumer {
  public:
    OneTake(std::vector<ports::Delivery> deliveries, std::stop_source& stop)
        : deliveries_(std::move(deliveries)), stop_(stop) {}

    std::expected<std::vector<ports::Delivery>, ports::Error> take(
        std::size_t /*messages_max*/, base::Deadline /*deadline*/) override {
        ++takes;
        if (deliveries_.empty()) stop_.request_stop();
        return std::exchange(deliveries_, {});
    }
    void interrupt() override {}
    void reply(std::vector<ports::Reply> replies) override {
        std::ranges::move(replies, std::back_inserter(replied));
    }
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
        ++dead;
        if (on_dead_letter) on_dead_letter();
        if (takes_no_dead_letters)
            return std::unexpected(ports::Error{ports::ErrorKind::retryable, "no confirm in time"});
        return {};
    }

    std::vector<std::uint64_t> acked;
    std::vector<std::uint64_t> given_back;
    std::vector<ports::Reply> replied;
    int dead = 0;  // how often one was tried
    int takes = 0;
    bool takes_no_dead_letters = false;
    std::function<void()> on_dead_letter;

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
        if (on_begin)
            if (auto error = on_begin()) return std::unexpected(*std::move(error));
        return std::make_unique<Counted>(*this);
    }

    std::vector<std::size_t> commits;
    std::function<std::optional<ports::Error>()> on_begin;
    std::stop_source* stop_after_commit = nullptr;
    bool has_endless_due = false;           // more holds are due whenever it is loaded
    int expired_by_others = 0;              // so many loads find many due that others expire first
    std::optional<base::Uuid> conflicting;  // no commit with this command's outcome succeeds

  private:
    class Counted final : public ports::Transaction {
      public:
        explicit Counted(CountingStore& store) : store_(store) {
            snapshot_.add_sku(sku());
            if (store.expired_by_others > 0) {
                --store.expired_by_others;
                snapshot_.set_more_due();
            }
            if (!store.has_endless_due) return;
            snapshot_.set_more_due();
            domain::Order order;
            order.id = id(999);
            snapshot_.add_order(order);
            snapshot_.add_level({.sku = sku(),
                                 .location = domain::LocationCode::main(),
                                 .on_hand = 1,
                                 .held = 1,
                                 .version = 1});
            domain::Hold hold;
            hold.id = id(999);
            hold.order = hold.id;
            hold.expires_at = base::Time();
            hold.lines.push_back(
                {.sku = sku(), .location = domain::LocationCode::main(), .quantity = 1});
            snapshot_.add_hold(hold);
        }
        [[nodiscard]] const std::vector<ports::StoredOutcome>& outcomes() const override {
            return none_;
        }
        [[nodiscard]] domain::Snapshot& snapshot() override { return snapshot_; }
        [[nodiscard]] std::expected<void, ports::Error> commit(
            const ports::Commit& commit) override {
            if (store_.conflicting && holds(commit, *store_.conflicting))
                return std::unexpected(ports::Error{ports::ErrorKind::conflict, "in the way"});
            store_.commits.push_back(commit.outcomes.size());
            if (store_.stop_after_commit != nullptr) store_.stop_after_commit->request_stop();
            return {};
        }

      private:
        static bool holds(const ports::Commit& commit, const base::Uuid& id) {
            return std::ranges::find(commit.outcomes, id, &ports::StoredOutcome::command) !=
                   commit.outcomes.end();
        }

        CountingStore& store_;
        domain::Snapshot snapshot_{base::Time()};
        std::vector<ports::StoredOutcome> none_;
    };
};

/// Orders of so many lines, with the tags 1 to count.
inline std::vector<ports::Delivery> orders(std::uint64_t count, std::size_t lines) {
    domain::PlaceOrder wish{.customer = "", .lines = {}, .reference = ""};
    wish.lines.assign(lines, {sku(), 1});
    std::vector<ports::Delivery> deliveries;
    for (std::uint64_t tag = 1; tag <= count; ++tag)
        deliveries.push_back(
            {.tag = tag,
             .bytes = contract::encode_command(
                 {.id = id(tag), .actor = "anonymous", .at = std::nullopt, .body = wish}),
             .reply_to = "",
             .earlier_deliveries = 0});
    return deliveries;
}

}  // namespace stockroom::engine::testing
