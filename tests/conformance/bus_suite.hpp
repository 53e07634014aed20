#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "stockroom/ports/bus.hpp"

namespace stockroom::conformance {

/// A bus of one adapter, made for one test.
class BusFixture {
  public:
    BusFixture() = default;
    virtual ~BusFixture() = default;
    BusFixture(const BusFixture&) = delete;
    BusFixture& operator=(const BusFixture&) = delete;

    [[nodiscard]] virtual ports::Bus& bus() = 0;
    /// An empty queue that takes at most kQueueMax messages; the same one all through the test.
    [[nodiscard]] virtual std::string queue() = 0;
    /// A second one.
    [[nodiscard]] virtual std::string other_queue() = 0;

    struct DeadLetter {
        std::string bytes;
        std::string reason;
        friend bool operator==(const DeadLetter&, const DeadLetter&) = default;
    };
    /// All that were set aside so far, oldest first.
    [[nodiscard]] virtual std::vector<DeadLetter> dead_letters() = 0;
};

inline constexpr std::size_t kQueueMax = 2'000;

/// How to make one, and in what adapters may differ.
struct BusUnderTest {
    std::string name;
    std::function<std::unique_ptr<BusFixture>()> make;
    bool confirms_at_ack = false;  // `durable` is told when the message is acked, not before
    /// Not empty: why it cannot be tested here.
    std::function<std::string()> why_not = [] { return std::string(); };
    /// So many more than its limit a queue may take before it refuses.
    std::size_t messages_beyond_limit_max = 0;
};

/// How a failing test, and ctest, name the bus.
inline void PrintTo(const BusUnderTest& bus, std::ostream* out) {
    *out << bus.name;
}

/// The suite every bus passes. To run it on an adapter, link bus_suite.cpp and say
/// INSTANTIATE_TEST_SUITE_P(Memory, BusConformance, testing::Values(BusUnderTest{…}), bus_name).
class BusConformance : public testing::TestWithParam<BusUnderTest> {
  protected:
    void SetUp() override {
        if (const auto why_not = GetParam().why_not(); !why_not.empty()) GTEST_FAIL() << why_not;
        fixture_ = GetParam().make();
    }
    std::unique_ptr<BusFixture> fixture_;
};

inline std::string bus_name(const testing::TestParamInfo<BusUnderTest>& info) {
    return info.param.name;
}

}  // namespace stockroom::conformance
