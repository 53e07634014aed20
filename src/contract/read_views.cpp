#include "read_views.hpp"

#include "stockroom/contract/names.hpp"

namespace stockroom::contract {

namespace {

using namespace domain;

template <typename State>
Parsed<State> read_state(const JsonValue& value,
                         std::optional<State> (*parse)(std::string_view text)) {
    if (const auto* text = value.as<std::string>()) {
        if (const auto state = parse(*text)) return *state;
    }
    return std::unexpected("must be a state that is known");
}

Parsed<OrderState> read_order_state(const JsonValue& value) {
    return read_state(value, parse_order_state);
}

Parsed<DeadLetterState> read_dead_letter_state(const JsonValue& value) {
    return read_state(value, parse_dead_letter_state);
}

Parsed<HoldState> read_hold_state(const JsonValue& value) {
    return read_state(value, parse_hold_state);
}

std::expected<HoldLine, Invalid> read_allocation(const JsonValue& value, const Sku& sku,
                                                 const Place* place) {
    Fields fields(value, Unknown::ignored, place);
    const auto location = fields.required("location", read_location);
    const auto quantity = fields.required("quantity", kReadAnyInteger);
    const auto posted = fields.required("posted", kReadAnyInteger);
    const auto voided = fields.required("voided", kReadAnyInteger);
    return fields.finish([&] { return HoldLine{sku, *location, *quantity, *posted, *voided}; });
}

struct ReadOrderLine {
    OrderLine line;
    std::vector<HoldLine> allocations;
};

std::expected<ReadOrderLine, Invalid> read_order_line(const JsonValue& value, Unknown unknown,
                                                      const Place* place) {
    Fields fields(value, unknown, place);
    const auto sku = fields.required("sku", read_sku);
    const auto quantity = fields.required("quantity", kReadAnyInteger);
    const auto unit_price = fields.required("unit_price", read_price);
    const auto returned = fields.required("returned", kReadAnyInteger);
    std::optional<std::vector<HoldLine>> allocations;
    if (sku) {
        const auto read = [&](const JsonValue& element, Unknown, const Place* at) {
            return read_allocation(element, *sku, at);
        };
        allocations = fields.list("allocations", 0, SIZE_MAX, read);
        fields.require("allocations");
    }
    return fields.finish([&] {
        return ReadOrderLine{OrderLine{*sku, *quantity, *unit_price, *returned},
                             std::move(*allocations)};
    });
}

struct HoldPart {
    HoldState state;
    Version version;
};

std::expected<std::optional<HoldPart>, Invalid> read_hold_part(const JsonValue& order,
                                                               const Place* place) {
    const auto* value = order.find("hold");
    if (value == nullptr) return std::nullopt;
    const Place here{place, "hold"};
    Fields fields(*value, Unknown::ignored, &here);
    const auto state = fields.required("state", read_hold_state);
    const auto version = fields.required("version", kReadAnyInteger);
    return fields.finish([&] { return std::optional(HoldPart{*state, *version}); });
}

/// Empty when there is none.
std::expected<std::optional<DeadLetterDecision>, Invalid> read_decision(const JsonValue& letter,
                                                                        const Place* place) {
    const JsonValue* value = letter.find("decision");
    if (value == nullptr) return std::nullopt;
    const Place here{place, "decision"};
    Fields fields(*value, Unknown::ignored, &here);
    auto actor = fields.required("actor", read_any_text);
    auto reason = fields.optional("reason", read_any_text);
    const auto at = fields.required("at", read_time);
    return fields.finish([&] {
        return std::optional(
            DeadLetterDecision{std::move(*actor), std::move(reason).value_or(""), *at});
    });
}

}  // namespace

Parsed<std::string> read_any_text(const JsonValue& value) {
    if (const auto* text = value.as<std::string>()) return *text;
    return std::unexpected("must be a text");
}

std::expected<ItemView, Invalid> read_item(const JsonValue& value, const Place* place) {
    Fields fields(value, Unknown::ignored, place);
    const auto sku = fields.required("sku", read_sku);
    auto name = fields.required("name", read_any_text);
    auto label = fields.required("label", read_any_text);
    const auto price = fields.required("price", read_price);
    const auto reorder_point = fields.required("reorder_point", kReadAnyInteger);
    const auto on_hand = fields.required("on_hand", kReadAnyInteger);
    const auto held = fields.required("held", kReadAnyInteger);
    const auto retired = fields.optional("retired", read_bool);
    const auto version = fields.required("version", kReadAnyInteger);
    const auto created_at = fields.required("created_at", read_time);
    const auto updated_at = fields.required("updated_at", read_time);
    return fields.finish([&] {
        return ItemView{.item = Item{.sku = *sku,
                                     .name = std::move(*name),
                                     .label = std::move(*label),
                                     .price = *price,
                                     .reorder_point = *reorder_point,
                                     .retired = retired.value_or(false),
                                     .version = *version,
                                     .created_at = *created_at,
                                     .updated_at = *updated_at},
                        .on_hand = *on_hand,
                        .held = *held};
    });
}

std::expected<Location, Invalid> read_location_state(const JsonValue& value, const Place* place) {
    Fields fields(value, Unknown::ignored, place);
    const auto code = fields.required("code", read_location);
    auto name = fields.required("name", read_any_text);
    const auto priority = fields.required("priority", kReadAnyInteger);
    const auto version = fields.required("version", kReadAnyInteger);
    const auto created_at = fields.required("created_at", read_time);
    return fields.finish(
        [&] { return Location{*code, std::move(*name), *priority, *version, *created_at}; });
}

std::expected<Level, Invalid> read_level(const JsonValue& value, const Place* place) {
    Fields fields(value, Unknown::ignored, place);
    const auto sku = fields.required("sku", read_sku);
    const auto location = fields.required("location", read_location);
    const auto on_hand = fields.required("on_hand", kReadAnyInteger);
    const auto held = fields.required("held", kReadAnyInteger);
    const auto version = fields.required("version", kReadAnyInteger);
    return fields.finish([&] { return Level{*sku, *location, *on_hand, *held, *version}; });
}

std::expected<OrderView, Invalid> read_order(const JsonValue& value, const Place* place) {
    Fields fields(value, Unknown::ignored, place);
    const auto id = fields.required("id", read_id);
    auto customer = fields.optional("customer", read_any_text);
    const auto state = fields.required("state", read_order_state);
    auto lines = fields.list("lines", 0, SIZE_MAX, read_order_line);
    fields.require("lines");
    const auto execution_price = fields.required("execution_price", read_price);
    auto reference = fields.optional("reference", read_any_text);
    auto cancel_reason = fields.optional("cancel_reason", read_any_text);
    auto actor = fields.required("actor", read_any_text);
    const auto expires_at = fields.optional("expires_at", read_time);
    const auto version = fields.required("version", kReadAnyInteger);
    const auto created_at = fields.required("created_at", read_time);
    const auto updated_at = fields.required("updated_at", read_time);
    const auto hold = read_hold_part(value, place);
    if (!hold) return std::unexpected(hold.error());
    return fields.finish([&] {
        OrderView view{.order = Order{.id = *id,
                                      .customer = std::move(customer).value_or(""),
                                      .state = *state,
                                      .lines = {},
                                      .execution_price = *execution_price,
                                      .reference = std::move(reference).value_or(""),
                                      .actor = std::move(*actor),
                                      .version = *version,
                                      .created_at = *created_at,
                                      .updated_at = *updated_at,
                                      .cancel_reason = std::move(cancel_reason).value_or("")},
                       .hold = std::nullopt};
        if (*hold) {
            view.hold = Hold{.id = *id,
                             .state = (*hold)->state,
                             .order = id,
                             .expires_at = expires_at,
                             .lines = {},
                             .version = (*hold)->version};
        }
        view.order.lines.reserve(lines->size());
        for (auto& line : *lines) {
            view.order.lines.push_back(std::move(line.line));
            if (!view.hold) continue;
            for (auto& allocation : line.allocations)
                view.hold->lines.push_back(std::move(allocation));
        }
        return view;
    });
}

std::expected<Record, Invalid> read_record(const JsonValue& value, const Place* place) {
    Fields fields(value, Unknown::ignored, place);
    const auto srn = fields.required("srn", read_srn);
    auto name = fields.required("name", read_any_text);
    auto section = fields.required("section", read_any_text);
    const auto deleted = fields.optional("deleted", read_bool);
    const auto version = fields.required("version", kReadAnyInteger);
    const auto created_at = fields.required("created_at", read_time);
    const auto updated_at = fields.required("updated_at", read_time);
    return fields.finish([&] {
        return Record{.srn = *srn,
                      .name = std::move(*name),
                      .section = std::move(*section),
                      .deleted = deleted.value_or(false),
                      .version = *version,
                      .created_at = *created_at,
                      .updated_at = *updated_at};
    });
}

std::expected<DeadLetter, Invalid> read_dead_letter(const JsonValue& value, const Place* place) {
    Fields fields(value, Unknown::ignored, place);
    const auto id = fields.required("id", read_id);
    const auto state = fields.required("state", read_dead_letter_state);
    auto queue = fields.optional("queue", read_any_text);
    auto kind = fields.optional("kind", read_any_text);
    auto reason = fields.required("reason", read_any_text);
    const auto count = fields.required("count", kReadAnyInteger);
    const auto redeliveries = fields.required("redeliveries", kReadAnyInteger);
    const auto size = fields.required("size", kReadAnyInteger);
    const auto first_at = fields.required("first_at", read_time);
    const auto last_at = fields.required("last_at", read_time);
    const auto version = fields.required("version", kReadAnyInteger);
    auto decision = read_decision(value, place);
    if (!decision) return std::unexpected(std::move(decision.error()));
    return fields.finish([&] {
        return DeadLetter{.id = *id,
                          .queue = std::move(queue).value_or(""),
                          .kind = std::move(kind).value_or(""),
                          .reason = std::move(*reason),
                          .state = *state,
                          .count = *count,
                          .redeliveries = *redeliveries,
                          .size = *size,
                          .first_at = *first_at,
                          .last_at = *last_at,
                          .decision = *std::move(decision),
                          .version = *version};
    });
}

std::expected<Shortage, Invalid> read_shortage(const JsonValue& value, Unknown unknown,
                                               const Place* place) {
    Fields fields(value, unknown, place);
    const auto sku = fields.required("sku", read_sku);
    const auto wanted = fields.required("wanted", kReadAnyInteger);
    const auto available = fields.required("available", kReadAnyInteger);
    return fields.finish([&] { return Shortage{*sku, *wanted, *available}; });
}

}  // namespace stockroom::contract
