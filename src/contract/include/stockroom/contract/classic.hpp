#pragma once

#include <string>
#include <string_view>

namespace stockroom::contract {

// The classic queues: programs that know of no Stockroom send to them, by the default exchange or
// by "stockroom.classic". Durable, declared without arguments (api/asyncapi.yaml has their
// messages).
inline constexpr std::string_view kClassicHealthcheck = "healthcheck";
inline constexpr std::string_view kClassicCreateItem = "create_item";
inline constexpr std::string_view kClassicStockManagement = "stock_management";
inline constexpr std::string_view kClassicOrderProcessing = "order_processing";
inline constexpr std::string_view kClassicHealthCheck = "health_check";
inline constexpr std::string_view kClassicInsertRecord = "insert_record";
inline constexpr std::string_view kClassicReadDatabase = "read_database";
inline constexpr std::string_view kClassicDeleteRecord = "delete_record";

/// What is said to whoever sent a message of this queue, or its like over HTTP, once it is taken:
/// {"message":"…"}. REQUIRES: a classic queue whose answer is not a list.
[[nodiscard]] std::string classic_message(std::string_view queue);

/// {"message":"…"}. REQUIRES: UTF-8.
[[nodiscard]] std::string message_json(std::string_view text);

}  // namespace stockroom::contract
