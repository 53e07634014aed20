#include "catalogue.hpp"

#include <utility>

#include "stockroom/contract/json.hpp"

namespace stockroom::generator {

namespace {

using contract::JsonValue;

const std::string* text_of(const JsonValue& object, std::string_view name) {
    const JsonValue* member = object.find(name);
    return member == nullptr ? nullptr : member->as<std::string>();
}

}  // namespace

boost::asio::awaitable<std::expected<std::vector<std::string>, std::string>> read_skus(
    http_client::Connection& connection, base::Deadline deadline) {
    std::vector<std::string> skus;
    std::string cursor;
    do {
        std::string target = "/v1/items?limit=500";
        if (!cursor.empty()) target += "&cursor=" + http_client::percent_encoded(cursor);
        http_client::Request request{"GET", std::move(target), {}, {}};
        const auto answer = co_await connection.ask(std::move(request), deadline);
        if (!answer) co_return std::unexpected(answer.error().detail);
        const JsonValue* items = answer->json.find("items");
        const auto* rows = items == nullptr ? nullptr : items->as<JsonValue::Array>();
        if (answer->status != 200 || rows == nullptr)
            co_return std::unexpected("GET /v1/items: " + answer->explain());
        for (const JsonValue& row : *rows)
            if (const std::string* sku = text_of(row, "sku")) skus.push_back(*sku);
        const std::string* next = text_of(answer->json, "next");
        cursor = next == nullptr ? std::string() : *next;
    } while (!cursor.empty() && skus.size() < kItemsMax);
    co_return skus;
}

}  // namespace stockroom::generator
