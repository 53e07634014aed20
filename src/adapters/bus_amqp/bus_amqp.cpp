#include "stockroom/bus_amqp/bus_amqp.hpp"

#include <utility>

#include "asker.hpp"
#include "consumer.hpp"
#include "core.hpp"
#include "publisher.hpp"

namespace stockroom::bus_amqp {

std::expected<std::unique_ptr<AmqpBus>, std::string> AmqpBus::make(Options options,
                                                                   telemetry::Metrics& metrics) {
    auto endpoint = parse_url(options.url, options.ca_file);
    if (!endpoint) return std::unexpected(std::move(endpoint.error()));
    return std::unique_ptr<AmqpBus>(
        new AmqpBus(std::make_shared<Shared>(std::move(options), *std::move(endpoint), metrics)));
}

AmqpBus::AmqpBus(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

AmqpBus::~AmqpBus() = default;

std::unique_ptr<ports::Publisher> AmqpBus::make_publisher(ports::ReplyHandler on_replies) {
    return std::make_unique<AmqpPublisher>(shared_, std::move(on_replies));
}

std::unique_ptr<ports::Consumer> AmqpBus::make_consumer(std::string_view queue) {
    const auto of =
        queue == ports::kDeadQueue ? AmqpConsumer::Of::dead_letters : AmqpConsumer::Of::commands;
    return std::make_unique<AmqpConsumer>(shared_, queue, of);
}

std::unique_ptr<ports::ClassicConsumer> AmqpBus::make_classic_consumer(std::string_view queue) {
    return std::make_unique<AmqpConsumer>(shared_, queue, AmqpConsumer::Of::classic);
}

std::unique_ptr<ports::Asker> AmqpBus::make_asker() {
    return std::make_unique<AmqpAsker>(shared_);
}

std::string AmqpBus::trouble() const {
    return shared_->trouble();
}

}  // namespace stockroom::bus_amqp
