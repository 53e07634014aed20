#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "stockroom/base/check.hpp"

#include "audit.hpp"
#include "enumerators.hpp"
#include "generator.hpp"

namespace stockroom::simulation {
namespace {

constexpr int kCommands = 100'000;
constexpr int kCommandsPerWorld = 500;  // worlds stay small: each is compared whole all the time
constexpr std::int64_t kBatchMost = 6;
constexpr std::size_t kDueHoldsMost = 1'000;

std::uint64_t choose_seed() {
    if (const char* text = std::getenv("STOCKROOM_SEED")) return std::stoull(text);
    return std::random_device{}();
}

/// In each enum those that refuse stand first, and but for these enums one outcome follows that
/// does not.
bool is_refused(const OutcomeCode& outcome) {
    return std::visit(
        []<typename Code>(Code code) {
            if constexpr (std::is_same_v<Code, InsertRecordOutcome>) return false;
            if constexpr (std::is_same_v<Code, PutItemOutcome>) return code < Code::created;
            if constexpr (std::is_same_v<Code, PlaceOrderOutcome>) return code < Code::reserved;
            if constexpr (std::is_same_v<Code, FulfilOrderOutcome>)
                return code < Code::partially_fulfilled;
            return static_cast<std::size_t>(code) + 1 < testing::enumerator_names<Code>().size();
        },
        outcome);
}

std::string name_of(const OutcomeCode& outcome) {
    return std::visit(
        []<typename Code>(Code code) {
            return std::string(
                testing::enumerator_names<Code>().at(static_cast<std::size_t>(code)));
        },
        outcome);
}

/// How often each outcome came about, by the outcome's enum.
using Histogram = std::map<std::size_t, std::map<std::size_t, int>>;

void count(Histogram& histogram, const OutcomeCode& outcome) {
    const auto value =
        std::visit([](auto code) { return static_cast<std::size_t>(code); }, outcome);
    ++histogram[outcome.index()][value];
}

template <std::size_t kEnum>
void expect_all_of(Histogram& histogram) {
    const auto names = testing::enumerator_names<std::variant_alternative_t<kEnum, OutcomeCode>>();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const int times = histogram[kEnum][i];
        std::cout << kEnum << ' ' << names[i] << ": " << times << '\n';
        EXPECT_GT(times, 0) << "no command of kind " << kEnum - 1 << " came to " << names[i];
    }
}

/// Whether commands of this kind are made here: dead letters have tables of their own, and a ping
/// is answered by the engine.
constexpr bool is_made(CommandKind kind) {
    return kind != CommandKind::replay_dead_letter && kind != CommandKind::discard_dead_letter &&
           kind != CommandKind::ping;
}

/// Every outcome of every kind of command that is made here. CommandRefusal is left out: it is
/// decided before the rules are asked.
void expect_all(Histogram& histogram) {
    [&histogram]<std::size_t... kEnums>(std::index_sequence<kEnums...>) {
        const auto expect = [&histogram]<std::size_t kKind>() {
            if constexpr (is_made(static_cast<CommandKind>(kKind)))
                expect_all_of<kKind + 1>(histogram);
        };
        (expect.template operator()<kEnums>(), ...);
    }(std::make_index_sequence<std::variant_size_v<OutcomeCode> - 1>{});
}

std::vector<Location> locations_at_start(bool is_crowded) {
    const auto location = [](const std::string& code) {
        return Location{LocationCode::parse(code).value(), "", 100, 1, Time{}};
    };
    std::vector<Location> locations = {location("main")};
    while (is_crowded && locations.size() < kMaxLocations - 1)
        locations.push_back(location("l" + std::to_string(locations.size())));
    return locations;
}

/// The rules with a store in memory, and beside them the model.
class World {
  public:
    World(Random& random, Histogram& histogram, bool is_huge, bool is_crowded)
        : random_(random),
          histogram_(histogram),
          model_(locations_at_start(is_crowded)),
          generator_(random, model_, is_huge) {
        for (const Location& location : model_.locations())
            shelf_.locations.emplace(location.code, location);
    }

    /// Decides a batch, as engine does, a command at a time. Returns what is wrong.
    std::string run_batch(std::int64_t commands) {
        now_ = now_.plus(std::chrono::seconds{random_.one_in(3) ? 0 : random_.between(0, 25)});
        std::vector<Command> batch;
        Keys keys;
        for (std::int64_t i = 0; i < commands; ++i) {
            batch.push_back(generator_.next());
            add_keys(batch.back(), keys);
        }
        normalize(keys);
        if (random_.one_in(10)) {
            if (auto wrong = sweep(keys); !wrong.empty()) return "sweep: " + wrong;
        }
        const Shelf before = shelf_;
        Snapshot snapshot = shelf_.load(keys, now_, kDueHoldsMost);
        for (const Command& command : batch) {
            if (auto wrong = run(snapshot, command); !wrong.empty())
                return "command of kind " + std::to_string(command.body.index()) + ", id " +
                       command.id.to_string() + ": " + wrong;
        }
        return compare_rows(before, shelf_, snapshot);
    }

  private:
    std::string run(Snapshot& snapshot, const Command& command) {
        const Outcome expected = model_.decide(command, now_);
        const Decision decision = decide(snapshot, command);
        count(histogram_, decision.outcome.code);
        const bool refused = is_refused(decision.outcome.code);
        if (decision.outcome != expected)
            return name_of(decision.outcome.code) + ", or shown otherwise, where the model says " +
                   name_of(expected.code);
        if (auto wrong = audit_changes(shelf_, command, now_, decision, refused); !wrong.empty())
            return wrong;
        snapshot.apply(decision.changes);
        return settle(decision.changes);
    }

    /// The first due holds on these keys expire, as when a store has more of them than it loads.
    std::string sweep(const Keys& keys) {
        const Snapshot snapshot =
            shelf_.load(keys, now_, static_cast<std::size_t>(random_.between(0, 3)));
        std::vector<Uuid> due;
        for (const auto& [id, hold] : shelf_.holds) {
            const Hold* loaded = snapshot.find_hold(id);
            if (loaded != nullptr && model_.is_due(*loaded, now_)) due.push_back(id);
        }
        model_.expire(due, now_);
        return settle(expire_due(snapshot, Uuid{}));
    }

    std::string settle(const Changes& changes) {
        shelf_.apply(changes);
        if (auto wrong = compare_events(shelf_, changes, model_); !wrong.empty()) return wrong;
        if (auto wrong = compare_state(shelf_, model_); !wrong.empty()) return wrong;
        return audit_stock(shelf_);
    }

    Random& random_;
    Histogram& histogram_;
    Model model_;
    Generator generator_;
    Shelf shelf_;
    Time now_ = Time::from_microseconds(1'000'000'000);
};

TEST(Simulation, DecidesAsTheModelDoes) {
    const std::uint64_t seed = choose_seed();
    std::cout << "STOCKROOM_SEED=" << seed << '\n';
    Random random(seed);
    Histogram histogram;
    for (int step = 0; step < kCommands;) {
        const int world_number = step / kCommandsPerWorld;
        World world(random, histogram, world_number % 4 == 1, world_number % 40 == 0);
        for (const int end = step + kCommandsPerWorld; step < end;) {
            const auto commands = std::min<std::int64_t>(random.between(1, kBatchMost), end - step);
            std::string wrong;
            try {
                wrong = world.run_batch(commands);
            } catch (const base::bug& bug) {
                wrong = bug.what();
            }
            ASSERT_EQ(wrong, "") << "STOCKROOM_SEED=" << seed << ", in the batch of " << commands
                                 << " after command " << step;
            step += static_cast<int>(commands);
        }
    }
    expect_all(histogram);
}

}  // namespace
}  // namespace stockroom::simulation
