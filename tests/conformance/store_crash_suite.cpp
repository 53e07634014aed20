#include <csignal>
#include <cstdlib>
#include <random>

#include <sys/wait.h>
#include <unistd.h>

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

const domain::Sku kApple = sku("IB1");

/// Batch `number`: some orders, all with outcome and event, and their units held.
Batch batch_of(int number, const domain::Snapshot& snapshot) {
    constexpr int kOrders = 5;
    Batch batch;
    for (int i = 0; i < kOrders; ++i)
        batch += placed(reserved(id(number * kOrders + i), {kApple}, snapshot.now(),
                                 snapshot.now().plus(std::chrono::hours(1))));
    auto level = snapshot.levels_of(kApple).at(domain::LocationCode::main()).state;
    level.held += kOrders;
    ++level.version;
    batch.changes.levels.push_back(level);
    return batch;
}

/// Another process, which tells of its steps by single bytes, and is killed.
class Child {
  public:
    /// `work` gets a function that tells of one step.
    explicit Child(const std::function<void(const std::function<void()>& step)>& work) {
        int ends[2];
        if (pipe(ends) != 0) throw std::runtime_error("pipe");
        pid_ = fork();
        if (pid_ < 0) throw std::runtime_error("fork");
        if (pid_ == 0) {
            close(ends[0]);
            run(work, ends[1]);
        }
        close(ends[1]);
        steps_ = ends[0];
    }
    ~Child() {
        kill();
        close(steps_);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Waits for a step. False when there will be none.
    bool wait_for_step() {
        char byte = 0;
        return read(steps_, &byte, 1) == 1;
    }
    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

  private:
    [[noreturn]] static void run(const std::function<void(const std::function<void()>& step)>& work,
                                 int steps) {
        try {
            work([steps] {
                if (::write(steps, ".", 1) != 1) _exit(1);
            });
            for (;;)
                pause();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "child: %s\n", error.what());
        }
        _exit(1);
    }

    pid_t pid_ = 0;
    int steps_ = -1;
};

}  // namespace

TEST_P(StoreSuite, AKillBeforeTheCommitLeavesNothingAndAfterItAll) {
    given(store(), stocked(kApple, 1000, now()));
    close();
    {
        Child child([this](const auto& step) {
            const auto own = under_test().make_store();
            must(conformance::write(*own, {.orders = {}, .skus = {kApple}},
                                    [](const auto& snapshot) { return batch_of(0, snapshot); }));
            const auto open = must(own->begin({}, {.orders = {}, .skus = {kApple}}, soon()));
            open->snapshot().apply(batch_of(1, open->snapshot()).changes);
            step();
            for (;;)
                pause();
        });
        ASSERT_TRUE(child.wait_for_step());
    }
    under_test().reopen();
    open();
    EXPECT_EQ(must(queries().item(kApple))->held, 5);
    EXPECT_EQ(must(queries().events_after(0, 100)).size(), 5U);
    EXPECT_TRUE(must(queries().order(id(4))).has_value());
    EXPECT_FALSE(must(queries().order(id(5))).has_value());
    // And nobody waits for who is dead.
    given(store(), {.outcomes = {outcome(id(100), now())}});
}

TEST_P(StoreSuite, AKillAtAnyInstantLeavesWholeBatchesAndAllThatWereCommitted) {
    const auto seed = std::random_device{}();
    RecordProperty("seed", static_cast<int>(seed));
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    given(store(), stocked(kApple, 1'000'000, now()));

    int batches = 0;  // known to be committed
    for (int round = 0; round < 5; ++round) {
        close();
        {
            Child child([this, batches](const auto& step) {
                const auto own = under_test().make_store();
                for (int number = batches;; ++number) {
                    must(conformance::write(
                        *own, {.orders = {}, .skus = {kApple}},
                        [number](const auto& snapshot) { return batch_of(number, snapshot); }));
                    step();
                }
            });
            const auto steps = 1 + random() % 20;
            for (unsigned step = 0; step < steps; ++step) {
                ASSERT_TRUE(child.wait_for_step());
                ++batches;
            }
            // Somewhere in the batches that follow.
            const auto until =
                std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 2'000);
            while (std::chrono::steady_clock::now() < until) {
            }
            child.kill();
            while (child.wait_for_step())
                ++batches;
        }
        under_test().reopen();
        open();
        const auto held = must(queries().item(kApple))->held;
        ASSERT_EQ(held % 5, 0);
        const auto found = static_cast<int>(held / 5);
        ASSERT_TRUE(found == batches || found == batches + 1) << found << " of " << batches;
        batches = found;
        ASSERT_EQ(must(queries().events_after(0, 1'000'000)).size(),
                  static_cast<std::size_t>(held));
        for (int number = 0; number < found * 5; ++number) {
            const auto order = must(queries().order(id(number)));
            ASSERT_TRUE(order && order->hold && order->hold->lines.size() == 1);
            ASSERT_TRUE(must(queries().outcome(id(number))).has_value());
        }
        ASSERT_FALSE(must(queries().order(id(found * 5))).has_value());
    }
}

}  // namespace stockroom::conformance
