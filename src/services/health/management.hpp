#pragma once

#include <map>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "stockroom/base/time.hpp"
#include "stockroom/contract/json.hpp"
#include "stockroom/health/options.hpp"
#include "stockroom/http_client/lookup.hpp"

namespace stockroom::health {

/// What RabbitMQ's management API knows.
struct BrokerReport {
    std::string trouble;  // for people; empty when there is none
    std::map<std::string, QueueFigures> queues{};
};

/// Asks it. Of the thread that runs the context.
class ManagementClient {
  public:
    /// REQUIRES: both outlive it.
    ManagementClient(boost::asio::io_context& context, const Management& management)
        : context_(context), management_(management), lookup_(context, management.url) {}

    /// For the queues of the virtual host and for the nodes' alarms. Of those a user without the
    /// tag `monitoring` is told nothing, which is no trouble.
    [[nodiscard]] boost::asio::awaitable<BrokerReport> ask(base::Deadline deadline);

  private:
    boost::asio::io_context& context_;
    const Management& management_;
    http_client::Lookup lookup_;
};

/// Of GET /api/queues/VHOST; empty when it is something else.
[[nodiscard]] std::optional<std::map<std::string, QueueFigures>> read_queues(
    const contract::JsonValue& json);
/// Of GET /api/nodes: which alarm holds up those who publish; empty: none.
[[nodiscard]] std::string read_alarms(const contract::JsonValue& json);

}  // namespace stockroom::health
