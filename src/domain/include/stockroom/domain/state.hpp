#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stockroom/base/money.hpp"
#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/domain/values.hpp"

namespace stockroom::domain {

using base::Money;
using base::Time;
using base::Uuid;

/// Versions start at 1 and grow by 1 with each decision that changes the thing.
using Version = std::int64_t;

struct Item {
    Sku sku;
    std::string name;
    std::string label;
    Money price;
    Quantity reorder_point = 0;
    bool retired = false;
    Version version = 1;  // counts edits of the item, not changes of its stock
    Time created_at;
    Time updated_at;
    friend bool operator==(const Item&, const Item&) = default;
};

/// The stock of one item at one location. available = on_hand − held.
struct Level {
    Sku sku;
    LocationCode location;
    Quantity on_hand = 0;
    Quantity held = 0;
    Version version = 0;  // 0: never had stock
    [[nodiscard]] Quantity available() const { return on_hand - held; }
    friend bool operator==(const Level&, const Level&) = default;
};

struct Location {
    LocationCode code;
    std::string name;
    std::int64_t priority = 100;  // orders take from low to high, ties by code
    Version version = 1;
    Time created_at;
    friend bool operator==(const Location&, const Location&) = default;
};

enum class MovementKind { opening, receipt, adjustment, shipment, customer_return, retirement };

/// A line of the ledger: never changed, never removed.
struct Movement {
    Sku sku;
    LocationCode location;
    MovementKind kind = MovementKind::receipt;
    Quantity quantity = 0;  // what on_hand changed by; never 0
    std::string reason;
    std::string reference;
    std::optional<Uuid> order;
    Uuid command;
    std::string actor;
    Time at;  // the store's clock
    friend bool operator==(const Movement&, const Movement&) = default;
};

enum class HoldState { pending, committed, expired, ended };

struct HoldLine {
    Sku sku;
    LocationCode location;
    Quantity quantity = 0;
    Quantity posted = 0;
    Quantity voided = 0;
    [[nodiscard]] Quantity held() const { return quantity - posted - voided; }
    friend bool operator==(const HoldLine&, const HoldLine&) = default;
};

/// Stock set aside. A hold that an order made has the order's id.
struct Hold {
    Uuid id;
    HoldState state = HoldState::pending;
    std::optional<Uuid> order;       // the order it belongs to
    std::optional<Time> expires_at;  // while pending
    std::vector<HoldLine> lines;     // one per SKU and location, in the order of allocation
    Version version = 1;
    friend bool operator==(const Hold&, const Hold&) = default;
};

enum class OrderState {
    reserved,
    confirmed,
    partially_fulfilled,
    fulfilled,
    rejected,
    expired,
    cancelled,
};

/// Whether an order may go from one state to the other in one decision (DESIGN: states). `from` is
/// empty for a new order. A state that stays as it is is allowed only where the table has it.
[[nodiscard]] bool is_order_transition(std::optional<OrderState> from, OrderState to);

struct OrderLine {
    Sku sku;
    Quantity quantity = 0;
    Money unit_price;
    Quantity returned = 0;
    friend bool operator==(const OrderLine&, const OrderLine&) = default;
};

struct Order {
    Uuid id;
    std::string customer;  // empty: none was named
    OrderState state = OrderState::reserved;
    std::vector<OrderLine> lines;  // one per SKU, in the order in which the client first named them
    Money execution_price;         // Σ quantity × unit_price, fixed when the order was placed
    std::string reference;
    std::string actor;  // who placed it
    Version version = 1;
    Time created_at;
    Time updated_at;
    std::string cancel_reason{};  // what the client said when it was cancelled
    friend bool operator==(const Order&, const Order&) = default;
};

/// A name and a section under an SRN. Of a deleted one only the SRN and its version are kept, so
/// that versions go on growing when it is inserted again.
struct Record {
    Srn srn;
    std::string name;
    std::string section;
    bool deleted = false;
    Version version = 1;
    Time created_at;
    Time updated_at;
    friend bool operator==(const Record&, const Record&) = default;
};

/// An order together with its hold, as clients see it. A rejected order has no hold.
struct OrderView {
    Order order;
    std::optional<Hold> hold;
    friend bool operator==(const OrderView&, const OrderView&) = default;
};

/// An item together with its stock over all locations.
struct ItemView {
    Item item;
    Quantity on_hand = 0;
    Quantity held = 0;
    [[nodiscard]] Quantity available() const { return on_hand - held; }
    friend bool operator==(const ItemView&, const ItemView&) = default;
};

}  // namespace stockroom::domain
