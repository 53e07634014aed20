#include "management.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "stockroom/http_client/connection.hpp"

namespace stockroom::health {

namespace asio = boost::asio;
using contract::JsonValue;

namespace {

constexpr std::string_view kColumns =
    "columns=name,consumers,messages_ready,messages_unacknowledged,"
    "message_stats.publish_details.rate,message_stats.ack,message_stats.ack_details.rate";

double number_of(const JsonValue& object, std::string_view name) {
    const JsonValue* member = object.find(name);
    const auto* number = member == nullptr ? nullptr : member->as<JsonValue::Number>();
    return number == nullptr ? 0 : std::strtod(number->text.c_str(), nullptr);
}

std::int64_t count_of(const JsonValue& object, std::string_view name) {
    return std::llround(number_of(object, name));
}

std::string text_of(const JsonValue& object, std::string_view name) {
    const JsonValue* member = object.find(name);
    const auto* text = member == nullptr ? nullptr : member->as<std::string>();
    return text == nullptr ? "" : *text;
}

bool is_true(const JsonValue& object, std::string_view name) {
    const JsonValue* member = object.find(name);
    const bool* truth = member == nullptr ? nullptr : member->as<bool>();
    return truth != nullptr && *truth;
}

/// Null before the first message.
const JsonValue* find_stat(const JsonValue& queue, std::string_view name) {
    const JsonValue* stats = queue.find("message_stats");
    return stats == nullptr ? nullptr : stats->find(name);
}

/// A rate is told by the second.
std::int64_t per_minute(const JsonValue& queue, std::string_view details) {
    const JsonValue* found = find_stat(queue, details);
    return found == nullptr ? 0 : std::llround(60 * number_of(*found, "rate"));
}

std::int64_t acked(const JsonValue& queue) {
    return find_stat(queue, "ack") == nullptr ? 0 : count_of(*queue.find("message_stats"), "ack");
}

http_client::Request get(std::string target, const Management& management) {
    return {.method = "GET",
            .target = std::move(target),
            .body = {},
            .idempotency_key = {},
            .authorization = management.authorization};
}

}  // namespace

asio::awaitable<BrokerReport> ManagementClient::ask(base::Deadline deadline) {
    http_client::Connection connection(context_, management_.url, lookup_);
    auto request = get(fmt::format("/api/queues/{}?{}", management_.vhost, kColumns), management_);
    const auto queues = co_await connection.ask(std::move(request), deadline);
    if (!queues) co_return BrokerReport{.trouble = queues.error().detail};
    auto read = queues->status == 200 ? read_queues(queues->json) : std::nullopt;
    if (!read)
        co_return BrokerReport{
            .trouble =
                fmt::format("the management API at {} answers {}{}", management_.url.to_string(),
                            queues->status,
                            queues->status == 401 ? ": check the user of --management-url" : "")};
    BrokerReport report{.trouble = {}, .queues = *std::move(read)};
    request = get("/api/nodes?columns=name,mem_alarm,disk_free_alarm", management_);
    const auto nodes = co_await connection.ask(std::move(request), deadline);
    if (nodes && nodes->status == 200) report.trouble = read_alarms(nodes->json);
    co_return report;
}

std::optional<std::map<std::string, QueueFigures>> read_queues(const JsonValue& json) {
    const auto* array = json.as<JsonValue::Array>();
    if (array == nullptr) return std::nullopt;
    std::map<std::string, QueueFigures> queues;
    for (const JsonValue& queue : *array)
        queues.insert_or_assign(text_of(queue, "name"),
                                QueueFigures{.consumers = count_of(queue, "consumers"),
                                             .ready = count_of(queue, "messages_ready"),
                                             .unacked = count_of(queue, "messages_unacknowledged"),
                                             .in_per_minute = per_minute(queue, "publish_details"),
                                             .out_per_minute = per_minute(queue, "ack_details"),
                                             .acked = acked(queue)});
    return queues;
}

std::string read_alarms(const JsonValue& json) {
    const auto* array = json.as<JsonValue::Array>();
    if (array == nullptr) return {};
    for (const JsonValue& node : *array) {
        const std::string_view lacks = is_true(node, "mem_alarm")         ? "memory"
                                       : is_true(node, "disk_free_alarm") ? "disk space"
                                                                          : "";
        if (!lacks.empty())
            return fmt::format("{} has too little {} and takes no messages", text_of(node, "name"),
                               lacks);
    }
    return {};
}

}  // namespace stockroom::health
