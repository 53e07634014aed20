#pragma once

#include <expected>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stockroom/domain/snapshot.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/ports/store.hpp"

namespace stockroom::conformance {

/// The value, or the end of the test.
template <typename T>
T must(std::expected<T, ports::Error> result) {
    if (!result) throw std::runtime_error(result.error().detail);
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

template <typename Row>
ports::Page<Row> must(ports::PageResult<Row> result) {
    if (result) return *std::move(result);
    const auto* error = std::get_if<ports::Error>(&result.error());
    throw std::runtime_error(error != nullptr ? error->detail : "bad cursor");
}

/// Far enough away never to be met.
[[nodiscard]] base::Deadline soon();

/// The same number always gives the same id.
[[nodiscard]] base::Uuid id(int number);
[[nodiscard]] domain::Sku sku(std::string_view text);
[[nodiscard]] domain::LocationCode code(std::string_view text);
[[nodiscard]] domain::Srn srn(std::string_view text);

/// What one batch sets down.
struct Batch {
    domain::Changes changes{};
    std::vector<ports::StoredOutcome> outcomes{};
    std::vector<ports::EventRecord> events{};
    std::vector<ports::DeadCommand> dead{};

    /// Adds what the other has.
    Batch& operator+=(Batch other);

    void add(const domain::Item& item) { changes.items.push_back(item); }
    void add(const domain::Level& level) { changes.levels.push_back(level); }
    void add(const domain::Location& location) { changes.locations.push_back(location); }
    void add(const domain::Order& order) { changes.orders.push_back(order); }
    void add(const domain::Hold& hold) { changes.holds.push_back(hold); }
    void add(const domain::Record& record) { changes.records.push_back(record); }
    void add(const domain::DeadLetter& letter) { changes.dead_letters.push_back(letter); }
};

/// These states and nothing else.
template <typename... States>
[[nodiscard]] Batch changing(const States&... states) {
    Batch batch;
    (batch.add(states), ...);
    return batch;
}

/// Loads, lets `decide` make a batch, and commits that.
using Decide = std::function<Batch(const domain::Snapshot&)>;
[[nodiscard]] std::expected<void, ports::Error> write(ports::Store& store, const domain::Keys& keys,
                                                      const Decide& decide);
/// Loads again as long as that may help.
void write_until_done(ports::Store& store, const domain::Keys& keys, const Decide& decide);
/// Sets down what a test stands on.
void given(ports::Store& store, const Batch& batch);

/// Samples at this time; what they do not name is as new as can be.
[[nodiscard]] domain::Item item(const domain::Sku& sku, base::Time now, std::string name = "");
[[nodiscard]] domain::Location location(std::string_view code, std::int64_t priority,
                                        base::Time now);
[[nodiscard]] domain::Level level(const domain::Sku& sku, domain::Quantity on_hand,
                                  domain::Quantity held = 0,
                                  const domain::LocationCode& at = domain::LocationCode::main());
[[nodiscard]] domain::Movement movement(const domain::Sku& sku, domain::Quantity quantity,
                                        const base::Uuid& command, base::Time now);
[[nodiscard]] ports::StoredOutcome outcome(const base::Uuid& command, base::Time now);
[[nodiscard]] ports::EventRecord event(std::string key, domain::Version version, base::Time now);

/// An item with stock at main, and all that goes with it.
[[nodiscard]] Batch stocked(const domain::Sku& sku, domain::Quantity on_hand, base::Time now);

/// An order of one unit of each SKU at main, with its hold.
[[nodiscard]] domain::OrderView reserved(const base::Uuid& id, std::vector<domain::Sku> skus,
                                         base::Time now, base::Time expires_at);
/// The order, its hold, its outcome and its event. REQUIRES: the levels are changed elsewhere.
[[nodiscard]] Batch placed(const domain::OrderView& order);

/// All that the snapshot has due of this SKU expired, of orders as `reserved` makes them.
/// REQUIRES: the levels are changed elsewhere.
[[nodiscard]] Batch expired(const domain::Snapshot& snapshot, const domain::Sku& sku);

/// All rows of a list, page by page, calling `between` after each page.
template <typename Row>
std::vector<Row> walk(
    const std::function<ports::PageResult<Row>(const ports::PageRequest&)>& list, std::size_t limit,
    const std::function<void()>& between = [] {}) {
    std::vector<Row> rows;
    ports::PageRequest request{.cursor = "", .limit = limit};
    do {
        auto page = must(list(request));
        if (page.rows.size() > limit) throw std::runtime_error("a page is over its limit");
        for (auto& row : page.rows)
            rows.push_back(std::move(row));
        request.cursor = page.next;
        between();
        if (rows.size() > 100'000) throw std::runtime_error("a list without end");
    } while (!request.cursor.empty());
    return rows;
}

}  // namespace stockroom::conformance
