#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>

#include "stockroom/base/money.hpp"

#include "client.hpp"
#include "replay_plan.hpp"

namespace stockroom {

/// What became of a file's invoices: from the outcomes that the server keeps, so that the same file
/// gives the same result however often it is replayed.
struct ReplayResult {
    std::int64_t items = 0;
    std::int64_t orders_reserved = 0;  // that got their stock
    std::int64_t orders_rejected = 0;
    std::int64_t units_ordered = 0;  // of the orders that got their stock
    base::Money execution_price;     // of the orders that got their stock
    std::int64_t credit_notes = 0;
    std::int64_t units_returned = 0;
    std::int64_t adjustments_applied = 0;
    std::int64_t adjustments_refused = 0;
    std::int64_t on_hand = 0;  // over all items of the server
    std::int64_t held = 0;
};

/// Sends the plan to the server, one request at a time, each under a key that the file's bytes, the
/// invoice and the line make. `on_step` is told how many requests are done.
/// Errors are for people; what was done until then stays, and the next replay goes on with it.
[[nodiscard]] std::expected<ReplayResult, std::string> replay(
    const ReplayPlan& plan, domain::Quantity opening, Client& client,
    const std::function<void(std::int64_t)>& on_step);

/// How many requests that takes.
[[nodiscard]] std::int64_t count_steps(const ReplayPlan& plan);

/// One JSON object, or a table for people.
[[nodiscard]] std::string to_json(const ReplayResult& result);
[[nodiscard]] std::string to_table(const ReplayResult& result);

}  // namespace stockroom
