#include "replay.hpp"

#include <array>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "stockroom/base/checked.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/contract/json.hpp"

namespace stockroom {

namespace {

using contract::JsonWriter;
using Done = std::expected<void, std::string>;

std::string hex(const base::Fingerprint& fingerprint) {
    std::string text;
    for (const std::uint8_t byte : fingerprint)
        text += fmt::format("{:02x}", byte);
    return text;
}

/// Adds, or says which sum does not fit.
Done add_to(std::int64_t& sum, std::int64_t more, std::string_view name) {
    const auto total = base::checked_add(sum, more);
    if (!total) return std::unexpected(fmt::format("{} does not fit into 64 bits", name));
    sum = *total;
    return {};
}

class Replay {
  public:
    Replay(const ReplayPlan& plan, domain::Quantity opening, Client& client,
           const std::function<void(std::int64_t)>& on_step)
        : plan_(plan),
          opening_(opening),
          client_(client),
          on_step_(on_step),
          file_(hex(plan.file)) {}

    [[nodiscard]] std::expected<ReplayResult, std::string> run() {
        for (const PlannedItem& item : plan_.items)
            if (auto done = create(item); !done) return std::unexpected(std::move(done.error()));
        for (const PlannedInvoice& invoice : plan_.invoices)
            if (auto done = take(invoice); !done) return std::unexpected(std::move(done.error()));
        if (auto done = read_back(); !done) return std::unexpected(std::move(done.error()));
        return result_;
    }

  private:
    [[nodiscard]] Done create(const PlannedItem& item);
    [[nodiscard]] Done take(const PlannedInvoice& invoice);
    [[nodiscard]] Done receive(const PlannedInvoice& invoice, const PlannedChange& receipt);
    [[nodiscard]] Done adjust(const PlannedInvoice& invoice, const PlannedChange& adjustment);
    [[nodiscard]] Done order(const PlannedInvoice& invoice);
    [[nodiscard]] Done add_order(const PlannedInvoice& invoice, const http_client::Answer& answer);
    [[nodiscard]] Done read_back();

    /// Posts, and counts the step once there is an answer.
    [[nodiscard]] std::expected<http_client::Answer, std::string> post(std::string_view path,
                                                                       std::string body,
                                                                       std::string_view invoice,
                                                                       std::size_t line);

    const ReplayPlan& plan_;
    domain::Quantity opening_;
    Client& client_;
    const std::function<void(std::int64_t)>& on_step_;
    std::string file_;
    std::int64_t steps_ = 0;
    ReplayResult result_;
};

/// What cannot be gone on from: an answer that this file's own requests never get.
Done refused(std::string_view what, std::size_t line, const http_client::Answer& answer) {
    return std::unexpected(fmt::format("line {}: {}: {}", line, what, answer.explain()));
}

std::expected<http_client::Answer, std::string> Replay::post(std::string_view path,
                                                             std::string body,
                                                             std::string_view invoice,
                                                             std::size_t line) {
    const std::string line_text = std::to_string(line);
    const std::array<std::string_view, 5> parts{"replay", file_, path, invoice, line_text};
    auto answer =
        client_.post(std::string(path), std::move(body), base::Uuid::make_v8(parts).to_string());
    if (answer) on_step_(++steps_);
    return answer;
}

Done Replay::create(const PlannedItem& item) {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    json.field("sku", item.sku.text());
    json.field("name", item.name);
    json.field("price", item.price.to_string());
    if (opening_ > 0) {
        json.name("opening");
        json.begin_array();
        json.begin_object();
        json.field("location", domain::LocationCode::main().text());
        json.field("quantity", opening_);
        json.end_object();
        json.end_array();
    }
    json.end_object();

    const auto answer = post("/v1/items", std::move(body), "", item.line);
    if (!answer) return std::unexpected(answer.error());
    if (answer->problem() == "already_exists")
        return std::unexpected(fmt::format(
            "item {} (line {}) exists already, and not from this file. Replay onto an empty store.",
            item.sku.text(), item.line));
    if (answer->problem() == "idempotency_key_reused")
        return std::unexpected(fmt::format(
            "this file was replayed onto this store before, with another --opening than {}. Replay "
            "it with that one, or onto an empty store.",
            opening_));
    if (!answer->is_done())
        return refused(fmt::format("item {} was not created", item.sku.text()), item.line, *answer);
    ++result_.items;
    return {};
}

Done Replay::take(const PlannedInvoice& invoice) {
    if (invoice.is_credit_note) ++result_.credit_notes;
    for (const PlannedChange& change : invoice.changes) {
        auto done = invoice.is_credit_note ? receive(invoice, change) : adjust(invoice, change);
        if (!done) return done;
    }
    return invoice.order.empty() ? Done() : order(invoice);
}

std::string change_body(const PlannedInvoice& invoice, const PlannedChange& change) {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    json.field("sku", change.sku.text());
    json.field("location", domain::LocationCode::main().text());
    json.field("quantity", change.quantity);
    json.field("reason", change.reason);
    json.field("reference", invoice.number);
    json.end_object();
    return body;
}

Done Replay::receive(const PlannedInvoice& invoice, const PlannedChange& receipt) {
    const auto answer =
        post("/v1/stock/receipts", change_body(invoice, receipt), invoice.number, receipt.line);
    if (!answer) return std::unexpected(answer.error());
    if (!answer->is_done()) return refused("the receipt was refused", receipt.line, *answer);
    return add_to(result_.units_returned, receipt.quantity, "units_returned");
}

Done Replay::adjust(const PlannedInvoice& invoice, const PlannedChange& adjustment) {
    const auto answer = post("/v1/stock/adjustments", change_body(invoice, adjustment),
                             invoice.number, adjustment.line);
    if (!answer) return std::unexpected(answer.error());
    if (answer->is_done()) {
        ++result_.adjustments_applied;
    } else if (answer->problem() == "insufficient_stock") {
        ++result_.adjustments_refused;
    } else {
        return refused("the adjustment was refused", adjustment.line, *answer);
    }
    return {};
}

Done Replay::order(const PlannedInvoice& invoice) {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    if (!invoice.customer.empty()) json.field("customer", invoice.customer);
    json.name("lines");
    json.begin_array();
    for (const domain::OrderedLine& line : invoice.order) {
        json.begin_object();
        json.field("sku", line.sku.text());
        json.field("quantity", line.quantity);
        json.end_object();
    }
    json.end_array();
    json.field("confirm", true);
    json.field("reference", invoice.number);
    json.end_object();

    const auto answer = post("/v1/orders", std::move(body), invoice.number, invoice.line);
    if (!answer) return std::unexpected(answer.error());
    if (answer->is_done()) return add_order(invoice, *answer);
    if (answer->problem() != "rejected")
        return refused(fmt::format("the order of invoice {} was refused", invoice.number),
                       invoice.line, *answer);
    ++result_.orders_rejected;
    return {};
}

Done Replay::add_order(const PlannedInvoice& invoice, const http_client::Answer& answer) {
    ++result_.orders_reserved;
    for (const domain::OrderedLine& line : invoice.order)
        if (auto added = add_to(result_.units_ordered, line.quantity, "units_ordered"); !added)
            return added;
    const auto text = string_member(answer.json, "execution_price");
    if (!text) return std::unexpected(text.error());
    const auto price = base::Money::parse(*text);
    if (!price) return std::unexpected(fmt::format("execution_price \"{}\" is no amount", *text));
    const auto sum = result_.execution_price.plus(*price);
    if (!sum) return std::unexpected("execution_price does not fit into 64 bits");
    result_.execution_price = *sum;
    return {};
}

Done Replay::read_back() {
    return client_.each_row("/v1/items", "items", [this](const contract::JsonValue& item) -> Done {
        const auto on_hand = integer_member(item, "on_hand");
        if (!on_hand) return std::unexpected(on_hand.error());
        const auto held = integer_member(item, "held");
        if (!held) return std::unexpected(held.error());
        if (auto added = add_to(result_.on_hand, *on_hand, "on_hand"); !added) return added;
        return add_to(result_.held, *held, "held");
    });
}

}  // namespace

std::expected<ReplayResult, std::string> replay(const ReplayPlan& plan, domain::Quantity opening,
                                                Client& client,
                                                const std::function<void(std::int64_t)>& on_step) {
    return Replay(plan, opening, client, on_step).run();
}

std::int64_t count_steps(const ReplayPlan& plan) {
    std::size_t steps = plan.items.size();
    for (const PlannedInvoice& invoice : plan.invoices)
        steps += invoice.changes.size() + (invoice.order.empty() ? 0 : 1);
    return static_cast<std::int64_t>(steps);
}

std::string to_json(const ReplayResult& result) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    json.field("items", result.items);
    json.field("orders_reserved", result.orders_reserved);
    json.field("orders_rejected", result.orders_rejected);
    json.field("units_ordered", result.units_ordered);
    json.field("execution_price", result.execution_price.to_string());
    json.field("credit_notes", result.credit_notes);
    json.field("units_returned", result.units_returned);
    json.field("adjustments_applied", result.adjustments_applied);
    json.field("adjustments_refused", result.adjustments_refused);
    json.field("on_hand", result.on_hand);
    json.field("held", result.held);
    json.end_object();
    return text;
}

std::string to_table(const ReplayResult& result) {
    std::string text;
    const auto add = [&text](std::string_view name, const auto& value) {
        text += fmt::format("{:<20} {:>16}\n", name, value);
    };
    add("items", result.items);
    add("orders_reserved", result.orders_reserved);
    add("orders_rejected", result.orders_rejected);
    add("units_ordered", result.units_ordered);
    add("execution_price", result.execution_price.to_string());
    add("credit_notes", result.credit_notes);
    add("units_returned", result.units_returned);
    add("adjustments_applied", result.adjustments_applied);
    add("adjustments_refused", result.adjustments_refused);
    add("on_hand", result.on_hand);
    add("held", result.held);
    return text;
}

}  // namespace stockroom
