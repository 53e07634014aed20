#include "cache_keys.hpp"

#include <type_traits>
#include <utility>
#include <variant>

#include "stockroom/contract/json.hpp"

namespace stockroom::gateway {

namespace {

using Keys = std::vector<CacheKey>;

/// An item's answer tells its stock, too.
void add_sku(Keys& keys, std::string_view sku) {
    keys.push_back({Cached::item, std::string(sku)});
    keys.push_back({Cached::stock, std::string(sku)});
}

/// Whose stock shows the order's hold.
void add_lines(Keys& keys, const std::string& order) {
    const auto json = contract::read_json(order);
    const contract::JsonValue* lines = json ? json->find("lines") : nullptr;
    const auto* array = lines != nullptr ? lines->as<contract::JsonValue::Array>() : nullptr;
    if (array == nullptr) return;
    for (const contract::JsonValue& line : *array) {
        const contract::JsonValue* sku = line.find("sku");
        if (const auto* text = sku != nullptr ? sku->as<std::string>() : nullptr)
            keys.push_back({Cached::stock, *text});
    }
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

}  // namespace

// The levels that an order changes have events of their own (contract::event_key).
std::vector<CacheKey> keys_of(const contract::CloudEvent& event) {
    Keys keys;
    std::string_view name = event.key;
    if (take_prefix(name, "item/")) {
        add_sku(keys, name);
    } else if (take_prefix(name, "level/")) {
        add_sku(keys, name.substr(0, name.rfind('/')));
    } else if (take_prefix(name, "order/")) {
        keys.push_back({Cached::order, std::string(name)});
        add_lines(keys, event.data);
    }
    return keys;
}

std::vector<CacheKey> keys_of(const contract::ReadOutcome& read) {
    Keys keys;
    std::visit(
        [&keys](const auto& state) {
            using State = std::decay_t<decltype(state)>;
            if constexpr (std::is_same_v<State, domain::ItemView>) {
                add_sku(keys, state.item.sku.text());
            } else if constexpr (std::is_same_v<State, domain::Level>) {
                add_sku(keys, state.sku.text());
            } else if constexpr (std::is_same_v<State, domain::OrderView>) {
                keys.push_back({Cached::order, state.order.id.to_string()});
                for (const domain::OrderLine& line : state.order.lines)
                    add_sku(keys, line.sku.text());
            }
        },
        read.outcome.result);
    // What was due may have been expired before the shortage was sure.
    for (const domain::Shortage& shortage : read.outcome.shortages)
        add_sku(keys, shortage.sku.text());
    return keys;
}

}  // namespace stockroom::gateway
