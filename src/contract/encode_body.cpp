#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"

namespace stockroom::contract {

namespace {

using namespace domain;

/// Writes a body's members. What equals its default is left out, so that a field that is added
/// later changes no fingerprint of a body that does not use it.
class BodyWriter {
  public:
    explicit BodyWriter(JsonWriter& json) : json_(json) {}

    void operator()(const CreateItem& body) const {
        json_.field("sku", body.sku.text());
        text("name", body.name);
        text("label", body.label);
        if (body.price != Money()) json_.field("price", body.price.to_string());
        if (body.reorder_point != 0) json_.field("reorder_point", body.reorder_point);
        if (body.opening.empty()) return;
        json_.name("opening");
        json_.begin_array();
        for (const auto& stock : body.opening) {
            json_.begin_object();
            json_.field("location", stock.location.text());
            json_.field("quantity", stock.quantity);
            json_.end_object();
        }
        json_.end_array();
    }
    void operator()(const ChangeItem& body) const {
        json_.field("sku", body.sku.text());
        if (body.name) json_.field("name", *body.name);
        if (body.label) json_.field("label", *body.label);
        if (body.price) json_.field("price", body.price->to_string());
        if (body.reorder_point) json_.field("reorder_point", *body.reorder_point);
        version(body.expected_version);
    }
    void operator()(const RetireItem& body) const {
        json_.field("sku", body.sku.text());
        version(body.expected_version);
    }
    void operator()(const CreateLocation& body) const {
        static const std::int64_t default_priority =
            CreateLocation{.code = LocationCode::main(), .name = ""}.priority;
        json_.field("code", body.code.text());
        text("name", body.name);
        if (body.priority != default_priority) json_.field("priority", body.priority);
    }
    void operator()(const ReceiveStock& body) const { stock_change(body); }
    void operator()(const AdjustStock& body) const { stock_change(body); }
    void operator()(const PlaceOrder& body) const {
        text("customer", body.customer);
        lines(body.lines);
        if (body.confirm) json_.field("confirm", true);
        if (body.fulfil) json_.field("fulfil", true);
        text("reference", body.reference);
        if (body.expires_in != kDefaultHoldTime)
            json_.field("expires_in", std::int64_t{body.expires_in.count()});
    }
    void operator()(const ConfirmOrder& body) const {
        order(body.order);
        version(body.expected_version);
    }
    void operator()(const FulfilOrder& body) const {
        order(body.order);
        if (!body.lines.empty()) lines(body.lines);
        version(body.expected_version);
    }
    void operator()(const CancelOrder& body) const {
        order(body.order);
        text("reason", body.reason);
        version(body.expected_version);
    }
    void operator()(const CloseOrder& body) const {
        order(body.order);
        version(body.expected_version);
    }
    void operator()(const ReturnGoods& body) const {
        order(body.order);
        lines(body.lines);
        location(body.location);
        text("reason", body.reason);
        version(body.expected_version);
    }
    void operator()(const ExpireOrder& body) const { order(body.order); }
    void operator()(const InsertRecord& body) const {
        json_.field("srn", body.srn.text());
        text("name", body.name);
        text("section", body.section);
    }
    void operator()(const DeleteRecord& body) const { json_.field("srn", body.srn.text()); }
    void operator()(const ReplayDeadLetter& body) const { on_letter(body); }
    void operator()(const DiscardDeadLetter& body) const { on_letter(body); }
    void operator()(const PutItem& body) const {
        json_.field("sku", body.sku.text());
        text("name", body.name);
        text("label", body.label);
        json_.field("price", body.price.to_string());
        json_.field("quantity", body.quantity);
    }
    void operator()(const Ping& /*body*/) const {}

  private:
    template <typename Body>
    void stock_change(const Body& body) const {
        json_.field("sku", body.sku.text());
        location(body.location);
        json_.field("quantity", body.quantity);
        text("reason", body.reason);
        text("reference", body.reference);
    }
    template <typename Body>
    void on_letter(const Body& body) const {
        json_.field("id", body.letter.to_string());
        text("reason", body.reason);
    }
    void text(std::string_view name, const std::string& value) const {
        if (!value.empty()) json_.field(name, value);
    }
    void order(const Uuid& id) const { json_.field("order", id.to_string()); }
    void location(const LocationCode& code) const {
        if (code != LocationCode::main()) json_.field("location", code.text());
    }
    void version(const std::optional<Version>& expected) const {
        if (expected) json_.field("expected_version", *expected);
    }
    void lines(const std::vector<OrderedLine>& ordered) const {
        json_.name("lines");
        json_.begin_array();
        for (const auto& line : ordered) {
            json_.begin_object();
            json_.field("sku", line.sku.text());
            json_.field("quantity", line.quantity);
            json_.end_object();
        }
        json_.end_array();
    }

    JsonWriter& json_;
};

void write_body(JsonWriter& json, const CommandBody& body) {
    json.begin_object();
    std::visit(BodyWriter(json), body);
    json.end_object();
}

}  // namespace

std::string encode_body(const CommandBody& body) {
    std::string text;
    JsonWriter json(text);
    write_body(json, body);
    return text;
}

std::string encode_command(const Command& command) {
    std::string text;
    text.reserve(512);
    JsonWriter json(text);
    json.begin_object();
    json.field("id", command.id.to_string());
    json.field("kind", to_string(command.kind()));
    json.field("actor", command.actor);
    if (command.at) json.field("at", command.at->to_string());
    json.name("body");
    write_body(json, command.body);
    json.end_object();
    return text;
}

}  // namespace stockroom::contract
