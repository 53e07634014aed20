#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stockroom/domain/state.hpp"

namespace stockroom::domain {

/// A wish. Its fields have passed the checks of form (contract): lengths, ranges, texts in UTF-8,
/// quantities of 1 to kMaxQuantity unless said otherwise.

struct OpeningStock {
    LocationCode location;
    Quantity quantity = 0;
};

struct CreateItem {
    Sku sku;
    std::string name;
    std::string label;
    Money price;
    Quantity reorder_point = 0;
    std::vector<OpeningStock> opening;  // each location once; together up to kMaxQuantity
};

struct ChangeItem {
    Sku sku;
    std::optional<std::string> name;
    std::optional<std::string> label;
    std::optional<Money> price;
    std::optional<Quantity> reorder_point;
    std::optional<Version> expected_version;  // from If-Match
};

struct RetireItem {
    Sku sku;
    std::optional<Version> expected_version;
};

struct CreateLocation {
    LocationCode code;
    std::string name;
    std::int64_t priority = 100;  // 0 to kMaxPriority
};

struct ReceiveStock {
    Sku sku;
    LocationCode location;
    Quantity quantity = 0;
    std::string reason;
    std::string reference;
};

struct AdjustStock {
    Sku sku;
    LocationCode location;
    Quantity quantity = 0;  // −kMaxQuantity to kMaxQuantity, not 0
    std::string reason;
    std::string reference;
};

/// How long an order that was not confirmed keeps its stock.
inline constexpr std::chrono::seconds kDefaultHoldTime{15 * 60};
inline constexpr std::chrono::seconds kMaxHoldTime{30 * 24 * 3600};

struct OrderedLine {
    Sku sku;
    Quantity quantity = 0;
};

struct PlaceOrder {
    std::string customer;
    std::vector<OrderedLine> lines;  // 1 to kMaxOrderLines; a SKU may stand in several
    bool confirm = false;
    bool fulfil = false;  // only together with confirm
    std::string reference;
    std::chrono::seconds expires_in = kDefaultHoldTime;  // 1 s to kMaxHoldTime
};

struct ConfirmOrder {
    Uuid order;
    std::optional<Version> expected_version;
};

struct FulfilOrder {
    Uuid order;
    std::vector<OrderedLine> lines;  // each SKU once; empty: everything that is still held
    std::optional<Version> expected_version;
};

struct CancelOrder {
    Uuid order;
    std::string reason;
    std::optional<Version> expected_version;
};

struct CloseOrder {
    Uuid order;
    std::optional<Version> expected_version;
};

struct ReturnGoods {
    Uuid order;
    std::vector<OrderedLine> lines;  // 1 to kMaxOrderLines, each SKU once
    LocationCode location;
    std::string reason;
    std::optional<Version> expected_version;
};

/// From the sweeper: gives the stock of an order back whose time is over.
struct ExpireOrder {
    Uuid order;
};

/// Inserts the record, or replaces the one with this SRN.
struct InsertRecord {
    Srn srn;
    std::string name;
    std::string section;
};

struct DeleteRecord {
    Srn srn;
};

/// Sends a dead letter to the queue that it came from, once more.
struct ReplayDeadLetter {
    Uuid letter;
    std::string reason;
};

/// Says that a dead letter needs nothing more.
struct DiscardDeadLetter {
    Uuid letter;
    std::string reason;  // not empty
};

/// Makes an item be as it says, whether there is one, was one, or none: creates, revives or changes
/// it, and adjusts its stock at main so that all its levels together come to the quantity.
struct PutItem {
    Sku sku;
    std::string name;
    std::string label;
    Money price;
    Quantity quantity = 0;  // 0 to kMaxQuantity
};

/// From the health service: asks whether anybody is there. Answered on every command queue, by the
/// engine, without the store: nothing is set down, not even its outcome.
struct Ping {};

using CommandBody = std::variant<CreateItem, ChangeItem, RetireItem, CreateLocation, ReceiveStock,
                                 AdjustStock, PlaceOrder, ConfirmOrder, FulfilOrder, CancelOrder,
                                 CloseOrder, ReturnGoods, ExpireOrder, InsertRecord, DeleteRecord,
                                 ReplayDeadLetter, DiscardDeadLetter, PutItem, Ping>;

/// In the order of CommandBody's alternatives.
enum class CommandKind {
    create_item,
    change_item,
    retire_item,
    create_location,
    receive_stock,
    adjust_stock,
    place_order,
    confirm_order,
    fulfil_order,
    cancel_order,
    close_order,
    return_goods,
    expire_order,
    insert_record,
    delete_record,
    replay_dead_letter,
    discard_dead_letter,
    put_item,
    ping,
};

struct Command {
    Uuid id;
    std::string actor;       // who wants it: "user:…", "anonymous", "system:expiry"
    std::optional<Time> at;  // the client's clock: recorded, never decided by
    CommandBody body;

    [[nodiscard]] CommandKind kind() const { return static_cast<CommandKind>(body.index()); }
};

}  // namespace stockroom::domain
