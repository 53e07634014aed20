#include <gmock/gmock.h>

#include "stockroom/bus_amqp/bus_amqp.hpp"
#include "stockroom/contract/classic.hpp"
#include "stockroom/ingress/ingress.hpp"

#include "amqp_broker.hpp"
#include "box.hpp"
#include "classic_suite.hpp"

namespace stockroom::conformance {
namespace {

using bus_amqp::AmqpBus;
using testing::HasSubstr;
using testing::IsEmpty;

class AmqpClassic final : public ClassicFixture {
  public:
    AmqpClassic() {
        auto bus =
            AmqpBus::make({.url = host_.url(), .ca_file = {}, .service = "classic"}, metrics_);
        EXPECT_TRUE(bus.has_value()) << bus.error();
        bus_ = *std::move(bus);
        declare_topology(*bus_);
    }
    ports::Bus& bus() override { return *bus_; }
    ports::ClassicBus& classic() override { return *bus_; }
    telemetry::Metrics& metrics() override { return metrics_; }
    std::vector<std::string> dead_letters() override {
        std::vector<std::string> all;
        for (auto& letter : host_.peek("stockroom.dead"))
            all.push_back(std::move(letter.bytes));
        return all;
    }
    VirtualHost& host() { return host_; }

  private:
    VirtualHost host_;
    telemetry::Metrics metrics_;
    std::unique_ptr<AmqpBus> bus_;
};

INSTANTIATE_TEST_SUITE_P(Amqp, ClassicConformance,
                         testing::Values(ClassicUnderTest{
                             .name = "amqp",
                             .make = [] { return std::make_unique<AmqpClassic>(); },
                             .why_not = VirtualHost::why_not}),
                         classic_name);

TEST(AmqpClassicQueues, AQuestionToAQueueThatNobodyHasIsRefusedAtOnce) {
    ASSERT_THAT(VirtualHost::why_not(), IsEmpty());
    AmqpClassic fixture;
    const auto asker = fixture.classic().make_asker();
    Box<std::string> told;
    asker->ask(contract::kClassicReadDatabase, "", base::Deadline::max(),
               [&told](std::expected<std::string, ports::Error> answer) {
                   told.put(answer ? "answered" : answer.error().detail);
               });
    EXPECT_THAT(told.wait_for(1).at(0), HasSubstr("NO_ROUTE"));
}

}  // namespace
}  // namespace stockroom::conformance
