#include <algorithm>
#include <tuple>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"

namespace stockroom::contract {

namespace {

using namespace domain;

void write_if_there(JsonWriter& json, std::string_view name, const std::string& text) {
    if (!text.empty()) json.field(name, text);
}

using HoldLines = std::vector<const HoldLine*>;

/// A hold's lines by SKU, each SKU's in their own order.
HoldLines lines_by_sku(const std::optional<Hold>& hold) {
    HoldLines lines;
    if (!hold) return lines;
    lines.reserve(hold->lines.size());
    for (const auto& line : hold->lines)
        lines.push_back(&line);
    // Where a line stands in the hold decides between lines of one SKU.
    std::ranges::sort(lines, [](const HoldLine* a, const HoldLine* b) {
        return std::tie(a->sku, a) < std::tie(b->sku, b);
    });
    return lines;
}

void write_order_line(JsonWriter& json, const OrderLine& line, const HoldLines& hold_lines) {
    json.begin_object();
    json.field("sku", line.sku.text());
    json.field("quantity", line.quantity);
    json.field("unit_price", line.unit_price.to_string());
    json.field("returned", line.returned);
    json.name("allocations");
    json.begin_array();
    const auto sku_of = [](const HoldLine* held) -> const Sku& { return held->sku; };
    for (const auto* held : std::ranges::equal_range(hold_lines, line.sku, {}, sku_of)) {
        json.begin_object();
        json.field("location", held->location.text());
        json.field("quantity", held->quantity);
        json.field("posted", held->posted);
        json.field("voided", held->voided);
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

}  // namespace

void write(JsonWriter& json, const ItemView& view) {
    const Item& item = view.item;
    json.begin_object();
    json.field("sku", item.sku.text());
    json.field("name", item.name);
    json.field("label", item.label);
    json.field("price", item.price.to_string());
    json.field("reorder_point", item.reorder_point);
    json.field("on_hand", view.on_hand);
    json.field("held", view.held);
    json.field("available", view.available());
    if (item.retired) json.field("retired", true);
    json.field("version", item.version);
    json.field("created_at", item.created_at.to_string());
    json.field("updated_at", item.updated_at.to_string());
    json.end_object();
}

void write(JsonWriter& json, const Location& location) {
    json.begin_object();
    json.field("code", location.code.text());
    json.field("name", location.name);
    json.field("priority", location.priority);
    json.field("version", location.version);
    json.field("created_at", location.created_at.to_string());
    json.end_object();
}

void write(JsonWriter& json, const Record& record) {
    json.begin_object();
    json.field("srn", record.srn.text());
    json.field("name", record.name);
    json.field("section", record.section);
    if (record.deleted) json.field("deleted", true);
    json.field("version", record.version);
    json.field("created_at", record.created_at.to_string());
    json.field("updated_at", record.updated_at.to_string());
    json.end_object();
}

void write(JsonWriter& json, const Level& level) {
    json.begin_object();
    json.field("sku", level.sku.text());
    json.field("location", level.location.text());
    json.field("on_hand", level.on_hand);
    json.field("held", level.held);
    json.field("available", level.available());
    json.field("version", level.version);
    json.end_object();
}

void write(JsonWriter& json, const OrderView& view) {
    const Order& order = view.order;
    json.begin_object();
    json.field("id", order.id.to_string());
    write_if_there(json, "customer", order.customer);
    json.field("state", to_string(order.state));
    json.name("lines");
    json.begin_array();
    const HoldLines hold_lines = lines_by_sku(view.hold);
    for (const auto& line : order.lines)
        write_order_line(json, line, hold_lines);
    json.end_array();
    json.field("execution_price", order.execution_price.to_string());
    write_if_there(json, "reference", order.reference);
    write_if_there(json, "cancel_reason", order.cancel_reason);
    json.field("actor", order.actor);
    if (view.hold) {
        if (view.hold->expires_at) json.field("expires_at", view.hold->expires_at->to_string());
        json.name("hold");
        json.begin_object();
        json.field("state", to_string(view.hold->state));
        json.field("version", view.hold->version);
        json.end_object();
    }
    json.field("version", order.version);
    json.field("created_at", order.created_at.to_string());
    json.field("updated_at", order.updated_at.to_string());
    json.end_object();
}

void write(JsonWriter& json, const Hold& hold) {
    json.begin_object();
    json.field("id", hold.id.to_string());
    json.field("state", to_string(hold.state));
    if (hold.order) json.field("order", hold.order->to_string());
    if (hold.expires_at) json.field("expires_at", hold.expires_at->to_string());
    json.name("lines");
    json.begin_array();
    for (const auto& line : hold.lines) {
        json.begin_object();
        json.field("sku", line.sku.text());
        json.field("location", line.location.text());
        json.field("quantity", line.quantity);
        json.field("posted", line.posted);
        json.field("voided", line.voided);
        json.field("held", line.held());
        json.end_object();
    }
    json.end_array();
    json.field("version", hold.version);
    json.end_object();
}

void write(JsonWriter& json, const Movement& movement) {
    json.begin_object();
    json.field("sku", movement.sku.text());
    json.field("location", movement.location.text());
    json.field("kind", to_string(movement.kind));
    json.field("quantity", movement.quantity);
    write_if_there(json, "reason", movement.reason);
    write_if_there(json, "reference", movement.reference);
    if (movement.order) json.field("order", movement.order->to_string());
    json.field("command", movement.command.to_string());
    json.field("actor", movement.actor);
    json.field("at", movement.at.to_string());
    json.end_object();
}

void write(JsonWriter& json, const Shortage& shortage) {
    json.begin_object();
    json.field("sku", shortage.sku.text());
    json.field("wanted", shortage.wanted);
    json.field("available", shortage.available);
    json.end_object();
}

std::string encode_event_data(const Event& event) {
    std::string text;
    JsonWriter json(text);
    std::visit([&json](const auto& state) { write(json, state); }, event.state);
    return text;
}

}  // namespace stockroom::contract
