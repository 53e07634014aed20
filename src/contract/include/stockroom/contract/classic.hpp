#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/json.hpp"
#include "stockroom/domain/command.hpp"
#include "stockroom/domain/state.hpp"

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
inline constexpr std::string_view kClassicQueues[] = {
    kClassicHealthcheck, kClassicCreateItem,   kClassicStockManagement, kClassicOrderProcessing,
    kClassicHealthCheck, kClassicInsertRecord, kClassicReadDatabase,    kClassicDeleteRecord};

/// What is said to whoever sent a message of this queue, or its like over HTTP, once it is taken:
/// {"message":"…"}. REQUIRES: a classic queue whose answer is not a list.
[[nodiscard]] std::string classic_message(std::string_view queue);

/// {"message":"…"}. REQUIRES: UTF-8.
[[nodiscard]] std::string message_json(std::string_view text);

/// The bodies of the classic interface, the same by HTTP and by queue, as the commands that they
/// are. Members that are not known are passed over, and a quantity may stand in a text.
using ReadClassic = std::expected<domain::CommandBody, Invalid>;
/// {"sku","name","label","price":25.00,"quantity":50} → put_item. Name and label may be left out.
[[nodiscard]] ReadClassic read_classic_item(std::string_view json);
/// {"sku"} → retire_item
[[nodiscard]] ReadClassic read_classic_deletion(std::string_view json);
/// {"sku","customer"} → place_order of one unit, confirmed and fulfilled at once. The customer may
/// be left out.
[[nodiscard]] ReadClassic read_classic_purchase(std::string_view json);

/// "price: must be an amount from …"
[[nodiscard]] std::string to_sentence(const Invalid& invalid);

/// {"sku","name","label","price":25.00,"quantity":50}: the price as a number, of its digits; the
/// quantity is what is on hand.
void write_classic_item(JsonWriter& json, const domain::ItemView& item);

}  // namespace stockroom::contract
