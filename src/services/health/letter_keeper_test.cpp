#include "letter_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom::health {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ports::Delivery delivery(std::uint64_t tag, std::string bytes) {
    return {.tag = tag,
            .bytes = std::move(bytes),
            .reply_to = "",
            .message_id = "m-" + std::to_string(tag),
            .death = {.queue = "stockroom.orders", .reason = "it broke", .redeliveries = 3}};
}

/// Gives what it has, once.
class Letters final : public ports::Consumer {
  public:
    std::expected<std::vector<ports::Delivery>, ports::Error> take(std::size_t,
                                                                   base::Deadline) override {
        ++takes;
        return std::exchange(waiting, {});
    }
    void interrupt() override {}
    void reply(std::vector<ports::Reply>) override {}
    std::expected<void, ports::Error> ack(std::span<const std::uint64_t> tags) override {
        acked.insert(acked.end(), tags.begin(), tags.end());
        return {};
    }
    std::expected<void, ports::Error> give_back(std::span<const std::uint64_t>) override {
        ADD_FAILURE() << "a letter that cannot be kept would come again at once";
        return {};
    }
    std::expected<void, ports::Error> dead_letter(std::uint64_t, std::string_view,
                                                  std::string_view) override {
        return {};
    }

    std::vector<ports::Delivery> waiting;
    std::vector<std::uint64_t> acked;
    int takes = 0;
};

/// Knows no letter, and remembers what was kept.
class Shelf final : public ports::Store {
  public:
    std::expected<std::unique_ptr<ports::Transaction>, ports::Error> begin(
        std::span<const base::Uuid> /*commands*/, const domain::Keys& keys,
        base::Deadline /*deadline*/) override {
        return std::make_unique<Writing>(*this, keys);
    }

    std::vector<std::string> kept;  // their bodies
    std::vector<std::string> events;
    /// Asked for each commit, with the bodies in it.
    std::function<std::optional<ports::Error>(const std::vector<std::string>& bodies)> on_commit;

  private:
    class Writing final : public ports::Transaction {
      public:
        Writing(Shelf& shelf, const domain::Keys& keys) : shelf_(shelf) {
            for (const auto& id : keys.dead_letters)
                snapshot_.add_missing_dead_letter(id);
        }
        [[nodiscard]] const std::vector<ports::StoredOutcome>& outcomes() const override {
            return none_;
        }
        [[nodiscard]] domain::Snapshot& snapshot() override { return snapshot_; }
        std::expected<void, ports::Error> commit(const ports::Commit& commit) override {
            std::vector<std::string> bodies;
            for (const auto* letter : snapshot_.changed_dead_letters())
                bodies.push_back(letter->state.bytes);
            if (shelf_.on_commit)
                if (auto error = shelf_.on_commit(bodies)) return std::unexpected(*error);
            shelf_.kept.insert(shelf_.kept.end(), bodies.begin(), bodies.end());
            for (const auto& event : commit.events) {
                EXPECT_FALSE(event.command.has_value());
                EXPECT_EQ(event.actor, domain::kDeadLetterActor);
                shelf_.events.push_back(event.type);
            }
            return {};
        }

      private:
        Shelf& shelf_;
        domain::Snapshot snapshot_{base::Time()};
        std::vector<ports::StoredOutcome> none_;
    };
};

class LetterKeeperTest : public testing::Test {
  protected:
    [[nodiscard]] std::expected<std::size_t, ports::Error> keep() {
        return keeper_.keep(std::chrono::steady_clock::now());
    }
    static bool has_bad(const std::vector<std::string>& bodies) {
        return std::ranges::find(bodies, "bad") != bodies.end();
    }

    telemetry::Metrics metrics_;
    Letters letters_;
    Shelf shelf_;
    LetterKeeper keeper_{letters_, shelf_, metrics_};
};

TEST(ReadArrivals, SaysWhatIsKnown) {
    const auto arrivals = read_arrivals(delivery(7, "nonsense"));
    ASSERT_EQ(arrivals.size(), 1U);
    EXPECT_EQ(arrivals[0].queue, "stockroom.orders");
    EXPECT_EQ(arrivals[0].reason, "it broke");
    EXPECT_EQ(arrivals[0].redeliveries, 3);
    EXPECT_EQ(arrivals[0].message, "m-7");
    EXPECT_EQ(arrivals[0].bytes, "nonsense");
    EXPECT_FALSE(arrivals[0].again);

    auto again = delivery(7, "nonsense");
    again.earlier_deliveries = 1;
    again.death.reason = "";
    EXPECT_TRUE(read_arrivals(again).at(0).again);
    EXPECT_EQ(read_arrivals(again).at(0).reason, "unknown");
    EXPECT_EQ(read_arrivals(again).at(0).id, arrivals[0].id);
}

TEST(ReadArrivals, TakesForNamesOnlyWhatCanBeOne) {
    for (const auto& name : {std::string(256, 'q'), std::string("a\0b", 3), std::string("\xff")}) {
        auto odd = delivery(7, "nonsense");
        odd.death.queue = odd.message_id = name;
        EXPECT_EQ(read_arrivals(odd).at(0).queue, "");
        EXPECT_EQ(read_arrivals(odd).at(0).message, "");
    }
}

TEST(ReadArrivals, OfAnArrayOfCommandsAreSeveral) {
    const auto arrivals =
        read_arrivals(delivery(7, R"([{"id":"01938a1e-4c00-7000-8000-0000000000aa"},)"
                                  R"({"id":"01938a1e-4c00-7000-8000-0000000000bb"}])"));
    ASSERT_EQ(arrivals.size(), 2U);
    EXPECT_EQ(arrivals[1].id.to_string(), "01938a1e-4c00-7000-8000-0000000000bb");
    EXPECT_EQ(arrivals[1].message, "m-7");
}

TEST_F(LetterKeeperTest, AcksWhatIsKept) {
    letters_.waiting = {delivery(1, "a"), delivery(2, "b")};
    EXPECT_EQ(keep(), 2U);
    EXPECT_THAT(shelf_.kept, testing::UnorderedElementsAre("a", "b"));
    EXPECT_THAT(shelf_.events, ElementsAre("dead_letter.waiting", "dead_letter.waiting"));
    EXPECT_THAT(letters_.acked, ElementsAre(1, 2));
    EXPECT_EQ(keep(), 0U);
}

TEST_F(LetterKeeperTest, TriesAgainWhatTheStoreCouldNotTake) {
    letters_.waiting = {delivery(1, "a")};
    bool is_away = true;
    shelf_.on_commit = [&](const auto&) -> std::optional<ports::Error> {
        if (!is_away) return std::nullopt;
        return ports::Error{ports::ErrorKind::retryable, "away"};
    };
    ASSERT_FALSE(keep().has_value());
    EXPECT_EQ(keep().error().detail, "away");
    EXPECT_THAT(letters_.acked, IsEmpty());
    EXPECT_EQ(letters_.takes, 1) << "nothing more is taken meanwhile";
    is_away = false;
    EXPECT_EQ(keep(), 1U);
    EXPECT_THAT(letters_.acked, ElementsAre(1));
}

TEST_F(LetterKeeperTest, LoadsAgainWhenAnotherWasQuicker) {
    letters_.waiting = {delivery(1, "a")};
    int conflicts = 3;
    shelf_.on_commit = [&](const auto&) -> std::optional<ports::Error> {
        if (conflicts-- <= 0) return std::nullopt;
        return ports::Error{ports::ErrorKind::conflict, "there already"};
    };
    EXPECT_EQ(keep(), 1U);
    EXPECT_THAT(shelf_.kept, ElementsAre("a"));
}

TEST_F(LetterKeeperTest, LeavesALetterThatCannotBeKeptAndKeepsItsNeighbours) {
    letters_.waiting = {delivery(1, "a"), delivery(2, "bad"), delivery(3, "b")};
    shelf_.on_commit = [](const auto& bodies) -> std::optional<ports::Error> {
        if (!has_bad(bodies)) return std::nullopt;
        return ports::Error{ports::ErrorKind::permanent, "no"};
    };
    EXPECT_EQ(keep(), 3U);
    EXPECT_THAT(shelf_.kept, ElementsAre("a", "b"));
    EXPECT_THAT(letters_.acked, ElementsAre(1, 3)) << "the bus still has the bad one";
}

}  // namespace
}  // namespace stockroom::health
