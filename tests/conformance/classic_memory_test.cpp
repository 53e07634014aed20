#include "stockroom/bus_memory/bus_memory.hpp"

#include "classic_suite.hpp"

namespace stockroom::conformance {
namespace {

class MemoryClassic final : public ClassicFixture {
  public:
    ports::Bus& bus() override { return bus_; }
    ports::ClassicBus& classic() override { return bus_; }
    telemetry::Metrics& metrics() override { return metrics_; }
    std::vector<std::string> dead_letters() override {
        std::vector<std::string> all;
        for (auto& letter : bus_.dead_letters())
            all.push_back(std::move(letter.bytes));
        return all;
    }

  private:
    telemetry::Metrics metrics_;
    bus_memory::MemoryBus bus_{metrics_};
};

INSTANTIATE_TEST_SUITE_P(Memory, ClassicConformance,
                         testing::Values(ClassicUnderTest{
                             .name = "memory",
                             .make = [] { return std::make_unique<MemoryClassic>(); }}),
                         classic_name);

}  // namespace
}  // namespace stockroom::conformance
