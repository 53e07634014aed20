#include "stockroom/bus_amqp/bus_amqp.hpp"

#include <gmock/gmock.h>

#include "amqp_broker.hpp"
#include "bus_suite.hpp"

namespace stockroom::conformance {
namespace {

using bus_amqp::AmqpBus;

/// Each command is a message of its own, as the suite expects.
class AmqpFixture final : public BusFixture {
  public:
    AmqpFixture() {
        auto bus = AmqpBus::make({.url = host_.url(),
                                  .ca_file = {},
                                  .service = "conformance",
                                  .queue_max = kQueueMax,
                                  .commands_per_message_max = 1},
                                 metrics_);
        EXPECT_TRUE(bus.has_value()) << bus.error();
        bus_ = *std::move(bus);
        declare_topology(*bus_);
    }
    ports::Bus& bus() override { return *bus_; }
    std::string queue() override { return "stockroom.orders"; }
    std::string other_queue() override { return "stockroom.stock"; }
    std::vector<DeadLetter> dead_letters() override {
        std::vector<DeadLetter> all;
        for (auto& letter : host_.peek("stockroom.dead"))
            all.push_back({std::move(letter.bytes), std::move(letter.reason)});
        return all;
    }

  private:
    VirtualHost host_;
    telemetry::Metrics metrics_;
    std::unique_ptr<AmqpBus> bus_;
};

INSTANTIATE_TEST_SUITE_P(Amqp, BusConformance,
                         testing::Values(BusUnderTest{
                             .name = "amqp",
                             .make = [] { return std::make_unique<AmqpFixture>(); },
                             .why_not = VirtualHost::why_not,
                             .messages_beyond_limit_max = 1'000}),
                         bus_name);

}  // namespace
}  // namespace stockroom::conformance
