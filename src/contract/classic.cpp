#include "stockroom/contract/classic.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stockroom/base/check.hpp"

#include "fields.hpp"

namespace stockroom::contract {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kMessages{{
    {kClassicHealthcheck, "Health check message sent"},
    {kClassicCreateItem, "Create item message sent"},
    {kClassicStockManagement, "Stock management (item delete) message sent"},
    {kClassicHealthCheck, "Health check message acknowledged"},
    {kClassicInsertRecord, "Insert record message sent"},
    {kClassicDeleteRecord, "Delete record message sent"},
}};

constexpr ReadText kReadName{domain::kMaxNameLength};
constexpr ReadText kReadLabel{domain::kMaxLabelLength};
constexpr ReadText kReadCustomer{domain::kMaxCustomerLength};

/// A form sends all it has as texts.
Parsed<domain::Quantity> read_quantity(const JsonValue& value) {
    if (const auto* text = value.as<std::string>())
        return kReadUnits(JsonValue(JsonValue::Number{*text}));
    return kReadUnits(value);
}

template <typename Read>
ReadClassic read(std::string_view json, const Read& read_fields) {
    const auto value = read_json(json);
    if (!value) return std::unexpected(Invalid{value.error().field, value.error().detail});
    if (value->as<JsonValue::Object>() == nullptr)
        return std::unexpected(Invalid{"", "must be an object"});
    return read_fields(Fields(*value, Unknown::ignored));
}

}  // namespace

ReadClassic read_classic_item(std::string_view json) {
    return read(json, [](Fields fields) {
        const auto sku = fields.required("sku", read_sku);
        auto name = fields.optional("name", kReadName);
        auto label = fields.optional("label", kReadLabel);
        const auto price = fields.required("price", read_price);
        const auto quantity = fields.required("quantity", read_quantity);
        return fields.finish([&]() -> domain::CommandBody {
            return domain::PutItem{.sku = *sku,
                                   .name = std::move(name).value_or(""),
                                   .label = std::move(label).value_or(""),
                                   .price = *price,
                                   .quantity = *quantity};
        });
    });
}

ReadClassic read_classic_deletion(std::string_view json) {
    return read(json, [](Fields fields) {
        const auto sku = fields.required("sku", read_sku);
        return fields.finish(
            [&]() -> domain::CommandBody { return domain::RetireItem{*sku, std::nullopt}; });
    });
}

ReadClassic read_classic_purchase(std::string_view json) {
    return read(json, [](Fields fields) {
        const auto sku = fields.required("sku", read_sku);
        auto customer = fields.optional("customer", kReadCustomer);
        return fields.finish([&]() -> domain::CommandBody {
            return domain::PlaceOrder{.customer = std::move(customer).value_or(""),
                                      .lines = {{*sku, 1}},
                                      .confirm = true,
                                      .fulfil = true,
                                      .reference = ""};
        });
    });
}

std::string to_sentence(const Invalid& invalid) {
    return invalid.field.empty() ? invalid.detail : invalid.field + ": " + invalid.detail;
}

void write_classic_item(JsonWriter& json, const domain::ItemView& item) {
    json.begin_object();
    json.field("sku", item.item.sku.text());
    json.field("name", item.item.name);
    json.field("label", item.item.label);
    json.name("price");
    json.raw(item.item.price.to_string());
    json.field("quantity", item.on_hand);
    json.end_object();
}

std::string classic_message(std::string_view queue) {
    const auto found =
        std::ranges::find(kMessages, queue, &std::pair<std::string_view, std::string_view>::first);
    CHECK(found != kMessages.end(), "the queue is answered with a message");
    return message_json(found->second);
}

std::string message_json(std::string_view text) {
    std::string json;
    JsonWriter writer(json);
    writer.begin_object();
    writer.field("message", text);
    writer.end_object();
    return json;
}

}  // namespace stockroom::contract
