#include "stress.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "stockroom/base/uuid.hpp"
#include "stockroom/contract/json.hpp"
#include "stockroom/domain/values.hpp"

#include "client.hpp"
#include "stress_crowd.hpp"

namespace stockroom {

namespace {

using contract::JsonValue;
using contract::JsonWriter;
using Done = std::expected<void, std::string>;

constexpr std::size_t kNotesMax = 20;

std::string order_body(const std::string& run, std::int64_t buyer) {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    json.field("customer", run);
    json.name("lines");
    json.begin_array();
    json.begin_object();
    json.field("sku", run);
    json.field("quantity", std::int64_t{1});
    json.end_object();
    json.end_array();
    json.field("reference", std::to_string(buyer));
    json.end_object();
    return body;
}

std::string key_of(const std::string& run, std::string_view what) {
    const std::array<std::string_view, 3> parts{"stress", run, what};
    return base::Uuid::make_v8(parts).to_string();
}

/// One crowd; its name is the SKU it wants and the customer it orders as.
class Stress {
  public:
    Stress(const http_client::ServerUrl& url, std::int64_t buyers, std::int64_t units,
           std::chrono::seconds patience)
        : url_(url),
          patience_(patience),
          client_(url, patience),
          run_("stress-" + base::Uuid::make_v7(base::Time::now()).to_string()) {
        result_.sku = run_;
        result_.buyers = buyers;
        result_.units = units;
    }

    [[nodiscard]] std::expected<StressResult, std::string> run(
        const std::function<void(std::int64_t)>& on_step) {
        if (auto done = create_item(); !done) return std::unexpected(std::move(done.error()));
        Crowd crowd(url_, result_.buyers, patience_, [this](std::int64_t buyer) {
            return http_client::Request{"POST", "/v1/orders", order_body(run_, buyer),
                                        key_of(run_, std::to_string(buyer))};
        });
        const std::vector<BuyerReport> reports = crowd.run(on_step);
        if (auto done = read_orders(); !done) return std::unexpected(std::move(done.error()));
        compare(reports);
        if (auto done = read_stock(); !done) return std::unexpected(std::move(done.error()));
        return result_;
    }

  private:
    struct StoredOrder {
        std::string id;
        bool got_its_unit = false;
    };

    [[nodiscard]] Done create_item();
    [[nodiscard]] Done read_orders();
    [[nodiscard]] Done add_order(const JsonValue& order);
    void compare(const std::vector<BuyerReport>& reports);
    void compare(std::size_t buyer, const BuyerReport& report);
    [[nodiscard]] Done read_stock();
    void contradict(std::string what) {
        if (result_.contradictions.size() < kNotesMax)
            result_.contradictions.push_back(std::move(what));
    }
    void expect(std::string_view what, std::int64_t is, std::int64_t should_be) {
        if (is != should_be) contradict(fmt::format("{} is {}, not {}", what, is, should_be));
    }

    const http_client::ServerUrl& url_;
    std::chrono::seconds patience_;
    Client client_;
    std::string run_;
    std::vector<std::vector<StoredOrder>> orders_;  // by buyer
    StressResult result_;
};

Done Stress::create_item() {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    json.field("sku", run_);
    json.field("name", "What a crowd wanted");
    if (result_.units > 0) {
        json.name("opening");
        json.begin_array();
        json.begin_object();
        json.field("location", domain::LocationCode::main().text());
        json.field("quantity", result_.units);
        json.end_object();
        json.end_array();
    }
    json.end_object();
    const auto answer = client_.post("/v1/items", std::move(body), key_of(run_, "item"));
    if (!answer) return std::unexpected(answer.error());
    if (!answer->is_done())
        return std::unexpected("the item was not created: " + answer->explain());
    return {};
}

Done Stress::read_orders() {
    orders_.resize(static_cast<std::size_t>(result_.buyers));
    return client_.each_row("/v1/orders?customer=" + http_client::percent_encoded(run_), "orders",
                            [this](const JsonValue& order) { return add_order(order); });
}

Done Stress::add_order(const JsonValue& order) {
    const auto id = string_member(order, "id");
    if (!id) return std::unexpected(id.error());
    const auto state = string_member(order, "state");
    if (!state) return std::unexpected(state.error());
    const std::string reference = string_member(order, "reference").value_or("");
    std::size_t buyer = 0;
    const char* end = reference.data() + reference.size();
    const auto [stopped, error] = std::from_chars(reference.data(), end, buyer);
    if (error != std::errc() || stopped != end || buyer >= orders_.size()) {
        contradict(fmt::format("order {} is of nobody in the crowd", *id));
        return {};
    }
    const bool got_its_unit = *state != "rejected";
    ++(got_its_unit ? result_.sold : result_.refused);
    if (!orders_[buyer].empty()) ++result_.duplicates;
    orders_[buyer].push_back({*id, got_its_unit});
    return {};
}

void Stress::compare(const std::vector<BuyerReport>& reports) {
    for (std::size_t buyer = 0; buyer < reports.size(); ++buyer)
        compare(buyer, reports[buyer]);
}

void Stress::compare(std::size_t buyer, const BuyerReport& report) {
    if (report.told == BuyerReport::Told::unknown) {
        ++result_.unknown;
        if (result_.untold.size() < kNotesMax)
            result_.untold.push_back(
                fmt::format("buyer {} was not told: {}", buyer, report.trouble));
        return;
    }
    const bool was_sold = report.told == BuyerReport::Told::sold;
    const auto stored = std::ranges::find(orders_[buyer], report.order, &StoredOrder::id);
    if (stored == orders_[buyer].end() || stored->got_its_unit != was_sold)
        contradict(fmt::format("buyer {} was told that order {} is {}; the server's orders differ",
                               buyer, report.order, was_sold ? "placed" : "rejected"));
    if (was_sold && !report.was_confirmed)
        contradict(fmt::format("buyer {} repeated order {} under its key and got: {}", buyer,
                               report.order, report.trouble));
}

Done Stress::read_stock() {
    const std::string item = "/v1/items/" + http_client::percent_encoded(run_);
    const auto stock = client_.get(item + "/stock");
    if (!stock) return std::unexpected(stock.error());
    const auto on_hand = integer_member(stock->json, "on_hand");
    const auto held = integer_member(stock->json, "held");
    if (!on_hand || !held) return std::unexpected("the stock cannot be read: " + stock->explain());
    std::int64_t moved = 0;
    auto done = client_.each_row(item + "/movements", "movements",
                                 [&moved](const JsonValue& movement) -> Done {
                                     const auto quantity = integer_member(movement, "quantity");
                                     if (!quantity) return std::unexpected(quantity.error());
                                     moved += *quantity;
                                     return {};
                                 });
    if (!done) return done;
    expect("on_hand", *on_hand, result_.units);
    expect("held", *held, result_.sold);
    expect("the ledger's sum", moved, *on_hand);
    return {};
}

}  // namespace

bool StressResult::is_right() const {
    return sold == std::min(buyers, units) && duplicates == 0 && contradictions.empty();
}

std::expected<StressResult, std::string> stress(const http_client::ServerUrl& url,
                                                std::int64_t buyers, std::int64_t units,
                                                std::chrono::seconds patience,
                                                const std::function<void(std::int64_t)>& on_step) {
    return Stress(url, buyers, units, patience).run(on_step);
}

std::string to_json(const StressResult& result) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    json.field("sku", result.sku);
    json.field("buyers", result.buyers);
    json.field("units", result.units);
    json.field("sold", result.sold);
    json.field("refused", result.refused);
    json.field("duplicates", result.duplicates);
    json.field("unknown", result.unknown);
    json.end_object();
    return text;
}

std::string to_table(const StressResult& result) {
    return fmt::format(
        "{} buyers wanted one of {} units of {}\n"
        "sold       {:>6}\n"
        "refused    {:>6}\n"
        "duplicates {:>6}\n"
        "unknown    {:>6}\n",
        result.buyers, result.units, result.sku, result.sold, result.refused, result.duplicates,
        result.unknown);
}

}  // namespace stockroom
