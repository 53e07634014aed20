#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/events.hpp"

namespace stockroom::gateway {

/// What the read cache knows one answer of.
enum class Cached : std::uint8_t {
    item,   // GET /v1/items/{sku}, by SKU
    stock,  // GET /v1/items/{sku}/stock, by SKU
    order,  // GET /v1/orders/{id}, by id in lower case
};

struct CacheKeyView {
    Cached what = Cached::item;
    std::string_view name;
    friend bool operator==(const CacheKeyView&, const CacheKeyView&) = default;
};

struct CacheKey {
    Cached what = Cached::item;
    std::string name;
    [[nodiscard]] CacheKeyView view() const { return {what, name}; }
    friend bool operator==(const CacheKey&, const CacheKey&) = default;
};

/// The answers that are not right any more after the event, perhaps some twice.
/// REQUIRES: not a heartbeat.
[[nodiscard]] std::vector<CacheKey> keys_of(const contract::CloudEvent& event);
/// The same after a command has ended so.
[[nodiscard]] std::vector<CacheKey> keys_of(const contract::ReadOutcome& read);

}  // namespace stockroom::gateway

template <>
struct std::hash<stockroom::gateway::CacheKeyView> {
    std::size_t operator()(const stockroom::gateway::CacheKeyView& key) const noexcept {
        return std::hash<std::string_view>{}(key.name) ^ static_cast<std::size_t>(key.what);
    }
};
