#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/codec.hpp"

#include "fields.hpp"

namespace stockroom::contract {

namespace {

using namespace domain;

using DecodedBody = std::expected<CommandBody, Invalid>;

constexpr ReadText kReadName{kMaxNameLength};
constexpr ReadText kReadLabel{kMaxLabelLength};
constexpr ReadText kReadReason{kMaxReasonLength};
constexpr ReadText kReadReference{kMaxReferenceLength};
constexpr ReadText kReadCustomer{kMaxCustomerLength};
constexpr ReadText kReadSection{kMaxSectionLength};
constexpr ReadInteger kReadPriority{0, kMaxPriority};
constexpr ReadInteger kReadHoldTime{1, kMaxHoldTime.count()};

/// How much a stock changes by: up or down, never nothing.
Parsed<Quantity> read_adjustment(const JsonValue& value) {
    const auto quantity = ReadInteger{-kMaxQuantity, kMaxQuantity}(value);
    if (quantity && *quantity != 0) return *quantity;
    return std::unexpected(fmt::format("must be a whole number from {} to {}, and not 0",
                                       -kMaxQuantity, kMaxQuantity));
}

std::expected<OpeningStock, Invalid> read_opening(const JsonValue& value, Unknown unknown,
                                                  const Place* place) {
    Fields fields(value, unknown, place);
    const auto location = fields.required("location", read_location);
    const auto quantity = fields.required("quantity", kReadWanted);
    return fields.finish([&] { return OpeningStock{*location, *quantity}; });
}

std::expected<OrderedLine, Invalid> read_line(const JsonValue& value, Unknown unknown,
                                              const Place* place) {
    Fields fields(value, unknown, place);
    const auto sku = fields.required("sku", read_sku);
    const auto quantity = fields.required("quantity", kReadWanted);
    return fields.finish([&] { return OrderedLine{*sku, *quantity}; });
}

/// Refuses the first element that names what an element before it names already.
template <typename Element, typename NameOf>
void refuse_repeated(Fields& fields, std::string_view list, std::string_view member,
                     const std::optional<std::vector<Element>>& elements, const NameOf& name_of) {
    if (!elements) return;
    std::unordered_set<std::string_view> names;
    names.reserve(elements->size());
    for (std::size_t i = 0; i < elements->size(); ++i) {
        const std::string_view name = name_of((*elements)[i]);
        if (names.insert(name).second) continue;
        fields.refuse(list, fmt::format("{}[{}].{}", list, i, member),
                      fmt::format("\"{}\" stands in an element before; each may stand once", name));
        return;
    }
}

/// Refuses the first opening stock with which the item's would pass what there may be of it.
void refuse_too_many(Fields& fields, const std::optional<std::vector<OpeningStock>>& opening) {
    if (!opening) return;
    Quantity room = kMaxQuantity;
    for (std::size_t i = 0; i < opening->size(); ++i) {
        room -= (*opening)[i].quantity;
        if (room >= 0) continue;
        fields.refuse("opening", fmt::format("opening[{}].quantity", i),
                      fmt::format("together they must be at most {}", kMaxQuantity));
        return;
    }
}

std::optional<std::vector<OrderedLine>> lines_of_distinct_skus(Fields& fields) {
    auto lines = fields.list("lines", 1, kMaxOrderLines, read_line);
    refuse_repeated(fields, "lines", "sku", lines,
                    [](const OrderedLine& line) { return std::string_view(line.sku.text()); });
    return lines;
}

DecodedBody decode_create_item(Fields fields) {
    const auto sku = fields.required("sku", read_sku);
    auto name = fields.optional("name", kReadName);
    auto label = fields.optional("label", kReadLabel);
    const auto price = fields.optional("price", read_price);
    const auto reorder_point = fields.optional("reorder_point", kReadUnits);
    auto opening = fields.list("opening", 0, kMaxLocations, read_opening);
    refuse_repeated(fields, "opening", "location", opening, [](const OpeningStock& stock) {
        return std::string_view(stock.location.text());
    });
    refuse_too_many(fields, opening);
    return fields.finish([&]() -> CommandBody {
        return CreateItem{.sku = *sku,
                          .name = std::move(name).value_or(""),
                          .label = std::move(label).value_or(""),
                          .price = price.value_or(Money()),
                          .reorder_point = reorder_point.value_or(0),
                          .opening = std::move(opening).value_or(std::vector<OpeningStock>())};
    });
}

DecodedBody decode_change_item(Fields fields) {
    const auto sku = fields.required("sku", read_sku);
    auto name = fields.optional("name", kReadName);
    auto label = fields.optional("label", kReadLabel);
    const auto price = fields.optional("price", read_price);
    const auto reorder_point = fields.optional("reorder_point", kReadUnits);
    const auto expected_version = fields.optional("expected_version", kReadVersion);
    return fields.finish([&]() -> CommandBody {
        return ChangeItem{.sku = *sku,
                          .name = std::move(name),
                          .label = std::move(label),
                          .price = price,
                          .reorder_point = reorder_point,
                          .expected_version = expected_version};
    });
}

DecodedBody decode_retire_item(Fields fields) {
    const auto sku = fields.required("sku", read_sku);
    const auto expected_version = fields.optional("expected_version", kReadVersion);
    return fields.finish([&]() -> CommandBody { return RetireItem{*sku, expected_version}; });
}

DecodedBody decode_create_location(Fields fields) {
    const auto code = fields.required("code", read_location);
    auto name = fields.optional("name", kReadName);
    const auto priority = fields.optional("priority", kReadPriority);
    return fields.finish([&]() -> CommandBody {
        CreateLocation location{.code = *code, .name = std::move(name).value_or("")};
        if (priority) location.priority = *priority;
        return location;
    });
}

template <typename Body, typename ReadQuantity>
DecodedBody decode_stock_change(Fields fields, const ReadQuantity& read_quantity) {
    const auto sku = fields.required("sku", read_sku);
    const auto location = fields.optional("location", read_location);
    const auto quantity = fields.required("quantity", read_quantity);
    auto reason = fields.optional("reason", kReadReason);
    auto reference = fields.optional("reference", kReadReference);
    return fields.finish([&]() -> CommandBody {
        return Body{.sku = *sku,
                    .location = location.value_or(LocationCode::main()),
                    .quantity = *quantity,
                    .reason = std::move(reason).value_or(""),
                    .reference = std::move(reference).value_or("")};
    });
}

DecodedBody decode_place_order(Fields fields) {
    auto customer = fields.optional("customer", kReadCustomer);
    auto lines = fields.list("lines", 1, kMaxOrderLines, read_line);
    fields.require("lines");
    const bool confirm = fields.optional("confirm", read_bool).value_or(false);
    const bool fulfil = fields.optional("fulfil", read_bool).value_or(false);
    if (fulfil && !confirm)
        fields.refuse("fulfil", "fulfil", "may be true only together with \"confirm\": true");
    auto reference = fields.optional("reference", kReadReference);
    const auto expires_in = fields.optional("expires_in", kReadHoldTime);
    return fields.finish([&]() -> CommandBody {
        PlaceOrder order{.customer = std::move(customer).value_or(""),
                         .lines = std::move(*lines),
                         .confirm = confirm,
                         .fulfil = fulfil,
                         .reference = std::move(reference).value_or("")};
        if (expires_in) order.expires_in = std::chrono::seconds(*expires_in);
        return order;
    });
}

/// What names an order and nothing else.
template <typename Body>
DecodedBody decode_order_only(Fields fields) {
    const auto order = fields.required("order", read_id);
    const auto expected_version = fields.optional("expected_version", kReadVersion);
    return fields.finish([&]() -> CommandBody { return Body{*order, expected_version}; });
}

DecodedBody decode_fulfil_order(Fields fields) {
    const auto order = fields.required("order", read_id);
    auto lines = lines_of_distinct_skus(fields);
    const auto expected_version = fields.optional("expected_version", kReadVersion);
    return fields.finish([&]() -> CommandBody {
        return FulfilOrder{.order = *order,
                           .lines = std::move(lines).value_or(std::vector<OrderedLine>()),
                           .expected_version = expected_version};
    });
}

DecodedBody decode_cancel_order(Fields fields) {
    const auto order = fields.required("order", read_id);
    auto reason = fields.optional("reason", kReadReason);
    const auto expected_version = fields.optional("expected_version", kReadVersion);
    return fields.finish([&]() -> CommandBody {
        return CancelOrder{*order, std::move(reason).value_or(""), expected_version};
    });
}

DecodedBody decode_return_goods(Fields fields) {
    const auto order = fields.required("order", read_id);
    auto lines = lines_of_distinct_skus(fields);
    fields.require("lines");
    const auto location = fields.optional("location", read_location);
    auto reason = fields.optional("reason", kReadReason);
    const auto expected_version = fields.optional("expected_version", kReadVersion);
    return fields.finish([&]() -> CommandBody {
        return ReturnGoods{.order = *order,
                           .lines = std::move(*lines),
                           .location = location.value_or(LocationCode::main()),
                           .reason = std::move(reason).value_or(""),
                           .expected_version = expected_version};
    });
}

DecodedBody decode_expire_order(Fields fields) {
    const auto order = fields.required("order", read_id);
    return fields.finish([&]() -> CommandBody { return ExpireOrder{*order}; });
}

DecodedBody decode_insert_record(Fields fields) {
    const auto srn = fields.required("srn", read_srn);
    auto name = fields.optional("name", kReadName);
    auto section = fields.optional("section", kReadSection);
    return fields.finish([&]() -> CommandBody {
        return InsertRecord{.srn = *srn,
                            .name = std::move(name).value_or(""),
                            .section = std::move(section).value_or("")};
    });
}

DecodedBody decode_delete_record(Fields fields) {
    const auto srn = fields.required("srn", read_srn);
    return fields.finish([&]() -> CommandBody { return DeleteRecord{*srn}; });
}

DecodedBody decode_replay_dead_letter(Fields fields) {
    const auto letter = fields.required("id", read_id);
    auto reason = fields.optional("reason", kReadReason);
    return fields.finish(
        [&]() -> CommandBody { return ReplayDeadLetter{*letter, std::move(reason).value_or("")}; });
}

DecodedBody decode_discard_dead_letter(Fields fields) {
    const auto letter = fields.required("id", read_id);
    auto reason = fields.required("reason", ReadText{kMaxReasonLength, 1});
    return fields.finish(
        [&]() -> CommandBody { return DiscardDeadLetter{*letter, std::move(*reason)}; });
}

DecodedBody decode_put_item(Fields fields) {
    const auto sku = fields.required("sku", read_sku);
    auto name = fields.optional("name", kReadName);
    auto label = fields.optional("label", kReadLabel);
    const auto price = fields.required("price", read_price);
    const auto quantity = fields.required("quantity", kReadUnits);
    return fields.finish([&]() -> CommandBody {
        return PutItem{.sku = *sku,
                       .name = std::move(name).value_or(""),
                       .label = std::move(label).value_or(""),
                       .price = *price,
                       .quantity = *quantity};
    });
}

}  // namespace

std::expected<CommandBody, Invalid> decode_body(CommandKind kind, const JsonValue& body) {
    Fields fields(body);
    switch (kind) {
        using enum CommandKind;
        case create_item:
            return decode_create_item(std::move(fields));
        case change_item:
            return decode_change_item(std::move(fields));
        case retire_item:
            return decode_retire_item(std::move(fields));
        case create_location:
            return decode_create_location(std::move(fields));
        case receive_stock:
            return decode_stock_change<ReceiveStock>(std::move(fields), kReadWanted);
        case adjust_stock:
            return decode_stock_change<AdjustStock>(std::move(fields), read_adjustment);
        case place_order:
            return decode_place_order(std::move(fields));
        case confirm_order:
            return decode_order_only<ConfirmOrder>(std::move(fields));
        case fulfil_order:
            return decode_fulfil_order(std::move(fields));
        case cancel_order:
            return decode_cancel_order(std::move(fields));
        case close_order:
            return decode_order_only<CloseOrder>(std::move(fields));
        case return_goods:
            return decode_return_goods(std::move(fields));
        case expire_order:
            return decode_expire_order(std::move(fields));
        case insert_record:
            return decode_insert_record(std::move(fields));
        case delete_record:
            return decode_delete_record(std::move(fields));
        case replay_dead_letter:
            return decode_replay_dead_letter(std::move(fields));
        case discard_dead_letter:
            return decode_discard_dead_letter(std::move(fields));
        case put_item:
            return decode_put_item(std::move(fields));
        case ping:
            return fields.finish([]() -> CommandBody { return Ping{}; });
    }
    CHECK(false, "every kind has a body");
}

std::expected<JsonValue, Invalid> add_member(JsonValue object, std::string name, JsonValue value) {
    if (object.as<JsonValue::Object>() == nullptr)
        return std::unexpected(Invalid{"", "must be an object"});
    if (object.find(name) != nullptr)
        return std::unexpected(Invalid{name, "is given outside the body already"});
    auto members = std::get<JsonValue::Object>(std::move(object).take());
    members.emplace_back(std::move(name), std::move(value));
    return JsonValue(std::move(members));
}

}  // namespace stockroom::contract
