#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "stockroom/ports/classic.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::conformance {

/// A bus with classic queues, made for one test.
class ClassicFixture {
  public:
    ClassicFixture() = default;
    virtual ~ClassicFixture() = default;
    ClassicFixture(const ClassicFixture&) = delete;
    ClassicFixture& operator=(const ClassicFixture&) = delete;

    [[nodiscard]] virtual ports::Bus& bus() = 0;
    [[nodiscard]] virtual ports::ClassicBus& classic() = 0;
    [[nodiscard]] virtual telemetry::Metrics& metrics() = 0;
    /// All that were set aside so far, oldest first.
    [[nodiscard]] virtual std::vector<std::string> dead_letters() = 0;
};

struct ClassicUnderTest {
    std::string name;
    std::function<std::unique_ptr<ClassicFixture>()> make;
    /// Not empty: why it cannot be tested here.
    std::function<std::string()> why_not = [] { return std::string(); };
};

inline void PrintTo(const ClassicUnderTest& bus, std::ostream* out) {
    *out << bus.name;
}

/// What every bus's classic queues pass, alone and with an ingress. To run it on an adapter, link
/// classic_suite.cpp and instantiate it.
class ClassicConformance : public testing::TestWithParam<ClassicUnderTest> {
  protected:
    void SetUp() override {
        if (const auto why_not = GetParam().why_not(); !why_not.empty()) GTEST_FAIL() << why_not;
        fixture_ = GetParam().make();
    }
    std::unique_ptr<ClassicFixture> fixture_;
};

inline std::string classic_name(const testing::TestParamInfo<ClassicUnderTest>& info) {
    return info.param.name;
}

}  // namespace stockroom::conformance
