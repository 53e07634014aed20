#include "topology.hpp"

#include <algorithm>
#include <string_view>

#include "stockroom/contract/names.hpp"

namespace stockroom::bus_amqp {

namespace {

struct ExchangeRow {
    std::string_view name;
    std::string_view type;
};
constexpr ExchangeRow kExchanges[] = {
    {.name = kCommandsExchange, .type = "direct"},
    {.name = kEventsExchange, .type = "topic"},
    {.name = kDeadExchange, .type = "fanout"},
};

/// Of commands: each is bound to kCommandsExchange by its own name.
constexpr std::string_view kCommandQueues[] = {
    contract::kCatalogueQueue, contract::kStockQueue,   contract::kOrdersQueue,
    contract::kHealthQueue,    contract::kRecordsQueue,
};

}  // namespace

bool is_command_queue(std::string_view queue) {
    return std::ranges::find(kCommandQueues, queue) != std::end(kCommandQueues);
}

Expected<void> declare_topology(Connection& connection, std::size_t queue_max) {
    for (const auto& [name, type] : kExchanges)
        if (auto declared = connection.declare_exchange(name, type); !declared) return declared;

    // Dead letters have no limit: what is refused here would be delivered for ever.
    if (auto declared = connection.declare_queue(kDeadQueue, {}); !declared) return declared;
    if (auto bound = connection.bind(kDeadQueue, kDeadExchange, ""); !bound) return bound;

    const Connection::QueueArguments arguments{
        .delivery_limit = kDeliveryLimit,
        .messages_max = static_cast<std::int64_t>(queue_max),
        .dead_exchange = kDeadExchange,
    };
    for (const std::string_view name : kCommandQueues) {
        if (auto declared = connection.declare_queue(name, arguments); !declared) return declared;
        if (auto bound = connection.bind(name, kCommandsExchange, name); !bound) return bound;
    }
    return {};
}

Expected<void> declare_classic_queue(Connection& connection, std::string_view queue) {
    auto declared = connection.declare_exchange(kClassicExchange, "direct");
    if (declared) declared = connection.declare_classic_queue(queue);
    if (declared) declared = connection.bind(queue, kClassicExchange, queue);
    return declared;
}

}  // namespace stockroom::bus_amqp
