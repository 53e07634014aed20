#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "stockroom/http_client/url.hpp"

namespace stockroom {

inline constexpr std::int64_t kMaxBuyers = 5000;

/// What came of a crowd that wanted one unit each of the same item.
struct StressResult {
    std::string sku;
    std::int64_t buyers = 0;
    std::int64_t units = 0;
    // By the orders that the server has:
    std::int64_t sold = 0;        // that got their unit
    std::int64_t refused = 0;     // that were rejected
    std::int64_t duplicates = 0;  // beyond a buyer's first
    // By the answers:
    std::int64_t unknown = 0;  // buyers that were never told what became of their order
    /// Why, for the first of them; for people.
    std::vector<std::string> untold;
    /// Where answers, orders, level and ledger do not agree; for people.
    std::vector<std::string> contradictions;

    [[nodiscard]] bool is_right() const;
};

/// Makes a fresh item with so many units; then each buyer, on a connection of its own, orders one
/// at the same instant, and sends it again under its key when it succeeded; then reads orders,
/// level and ledger back. `on_step` is told how many buyers are through. REQUIRES: 1 to kMaxBuyers
/// buyers, 0 to kMaxQuantity units. Errors are for people.
[[nodiscard]] std::expected<StressResult, std::string> stress(
    const http_client::ServerUrl& url, std::int64_t buyers, std::int64_t units,
    std::chrono::seconds patience, const std::function<void(std::int64_t)>& on_step);

/// One JSON object, or a table for people.
[[nodiscard]] std::string to_json(const StressResult& result);
[[nodiscard]] std::string to_table(const StressResult& result);

}  // namespace stockroom
