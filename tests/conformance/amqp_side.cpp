#include "amqp_side.hpp"

#include <span>
#include <thread>

#include <fmt/format.h>

namespace stockroom::conformance {

using ports::Published;

Side::Side(const VirtualHost& host, const Settings& settings) {
    auto bus =
        bus_amqp::AmqpBus::make({.url = host.url(proxy_.address()),
                                 .ca_file = {},
                                 .service = "trouble",
                                 .queue_max = settings.queue_max,
                                 .commands_per_message_max = settings.commands_per_message_max,
                                 .heartbeat = settings.heartbeat},
                                metrics_);
    EXPECT_TRUE(bus.has_value()) << bus.error();
    bus_ = *std::move(bus);
}

void Side::make_publisher() {
    publisher_ = bus_->make_publisher([this](std::vector<std::string> batch) {
        for (auto& reply : batch)
            replies_.put(std::move(reply));
    });
}

void Side::publish(std::string bytes, std::string_view queue) {
    publisher_->publish(queue, base::Uuid::make_v7(base::Time::now()), std::move(bytes), true,
                        [this](Published what) { published_.put(what); });
    ++count_;
}

Published Side::publish_and_wait(std::string bytes, std::string_view queue) {
    publish(std::move(bytes), queue);
    return published_.wait_for(count_).back();
}

void Side::publish_until_durable(const std::string& bytes) {
    const auto deadline = patience();
    while (publish_and_wait(bytes) != Published::durable)
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

bool Side::shows(std::string_view line) const {
    return ("\n" + metrics_.to_text()).contains(fmt::format("\n{}\n", line));
}

void Side::wait_until_shown(std::string_view line) const {
    const auto deadline = patience();
    while (!shows(line)) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << line;
        std::this_thread::yield();
    }
}

void Side::wait_until_sent(int messages) const {
    wait_until_shown(fmt::format("stockroom_bus_sent_messages_total {}", messages));
}

ports::Delivery take_one(ports::Consumer& consumer) {
    auto taken = consumer.take(1, patience());
    EXPECT_TRUE(taken.has_value());
    if (!taken || taken->empty()) {
        ADD_FAILURE() << "nothing came";
        return {};
    }
    return std::move(taken->front());
}

void AmqpTest::SetUp() {
    if (const auto why_not = VirtualHost::why_not(); !why_not.empty()) GTEST_FAIL() << why_not;
    host_.emplace();
    declare_topology(Side(*host_, Side::Settings()).bus());
    sender_.emplace(*host_, Side::Settings{.commands_per_message_max = 256});
    taker_.emplace(*host_, Side::Settings());
}

void AmqpTest::connect_publisher(ports::Consumer& consumer) {
    sender_->make_publisher();
    ASSERT_EQ(sender_->publish_and_wait("0"), Published::durable);
    const auto first = take_one(consumer);
    ASSERT_TRUE(consumer.ack(std::span(&first.tag, 1)).has_value());
}

}  // namespace stockroom::conformance
