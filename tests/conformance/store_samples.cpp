#include "store_samples.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>

#include "stockroom/domain/decide.hpp"

namespace stockroom::conformance {

namespace {

template <typename T>
void append(std::vector<T>& to, std::vector<T> from) {
    std::ranges::move(from, std::back_inserter(to));
}

domain::Keys keys_of(const domain::Changes& changes) {
    domain::Keys keys;
    for (const auto& item : changes.items)
        keys.skus.push_back(item.sku);
    for (const auto& level : changes.levels)
        keys.skus.push_back(level.sku);
    for (const auto& order : changes.orders)
        keys.orders.push_back(order.id);
    for (const auto& record : changes.records)
        keys.records.push_back(record.srn);
    for (const auto& letter : changes.dead_letters)
        keys.dead_letters.push_back(letter.id);
    domain::normalize(keys);
    return keys;
}

}  // namespace

base::Deadline soon() {
    return base::in(std::chrono::seconds(60));
}

base::Uuid id(int number) {
    const std::string text = std::to_string(number);
    return base::Uuid::make_v8(std::array<std::string_view, 2>{"conformance", text});
}

domain::Sku sku(std::string_view text) {
    return domain::Sku::parse(text).value();
}

domain::LocationCode code(std::string_view text) {
    return domain::LocationCode::parse(text).value();
}

domain::Srn srn(std::string_view text) {
    return domain::Srn::parse(text).value();
}

Batch& Batch::operator+=(Batch other) {
    append(changes.items, std::move(other.changes.items));
    append(changes.levels, std::move(other.changes.levels));
    append(changes.locations, std::move(other.changes.locations));
    append(changes.orders, std::move(other.changes.orders));
    append(changes.holds, std::move(other.changes.holds));
    append(changes.records, std::move(other.changes.records));
    append(changes.dead_letters, std::move(other.changes.dead_letters));
    append(changes.movements, std::move(other.changes.movements));
    append(outcomes, std::move(other.outcomes));
    append(events, std::move(other.events));
    append(dead, std::move(other.dead));
    return *this;
}

std::expected<void, ports::Error> write(ports::Store& store, const domain::Keys& keys,
                                        const Decide& decide) {
    auto transaction = store.begin({}, keys, soon());
    if (!transaction) return std::unexpected(transaction.error());
    auto& snapshot = (*transaction)->snapshot();
    const Batch batch = decide(snapshot);
    snapshot.apply(batch.changes);
    return (*transaction)
        ->commit({.movements = batch.changes.movements,
                  .outcomes = batch.outcomes,
                  .events = batch.events,
                  .dead = batch.dead});
}

void write_until_done(ports::Store& store, const domain::Keys& keys, const Decide& decide) {
    for (int attempt = 0; attempt < 10'000; ++attempt) {
        const auto written = write(store, keys, decide);
        if (written) return;
        if (written.error().kind == ports::ErrorKind::permanent)
            throw std::runtime_error(written.error().detail);
    }
    throw std::runtime_error("no attempt succeeded");
}

void given(ports::Store& store, const Batch& batch) {
    must(write(store, keys_of(batch.changes), [&](const domain::Snapshot&) { return batch; }));
}

domain::Item item(const domain::Sku& sku, base::Time now, std::string name) {
    return {.sku = sku,
            .name = std::move(name),
            .label = "",
            .price = base::Money::from_minor(250),
            .reorder_point = 0,
            .retired = false,
            .version = 1,
            .created_at = now,
            .updated_at = now};
}

domain::Location location(std::string_view text, std::int64_t priority, base::Time now) {
    return {
        .code = code(text), .name = "Größe", .priority = priority, .version = 1, .created_at = now};
}

domain::Level level(const domain::Sku& sku, domain::Quantity on_hand, domain::Quantity held,
                    const domain::LocationCode& at) {
    return {.sku = sku, .location = at, .on_hand = on_hand, .held = held, .version = 1};
}

domain::Movement movement(const domain::Sku& sku, domain::Quantity quantity,
                          const base::Uuid& command, base::Time now) {
    return {.sku = sku,
            .location = domain::LocationCode::main(),
            .kind = domain::MovementKind::receipt,
            .quantity = quantity,
            .reason = "",
            .reference = "",
            .order = std::nullopt,
            .command = command,
            .actor = "anonymous",
            .at = now};
}

ports::StoredOutcome outcome(const base::Uuid& command, base::Time now) {
    return {.command = command,
            .kind = "adjust_stock",
            .fingerprint = base::fingerprint_of("body"),
            .bytes = R"({"code":"adjusted"})",
            .at = now};
}

ports::EventRecord event(std::string key, domain::Version version, base::Time now) {
    return {.type = "stock.adjusted",
            .key = std::move(key),
            .version = version,
            .command = std::nullopt,
            .actor = "anonymous",
            .at = now,
            .data = "{}"};
}

Batch stocked(const domain::Sku& sku, domain::Quantity on_hand, base::Time now) {
    Batch batch;
    batch.changes.items.push_back(item(sku, now));
    if (on_hand == 0) return batch;
    batch.changes.levels.push_back(level(sku, on_hand));
    batch.changes.movements.push_back(movement(sku, on_hand, id(0), now));
    return batch;
}

domain::OrderView reserved(const base::Uuid& id, std::vector<domain::Sku> skus, base::Time now,
                           base::Time expires_at) {
    const auto price = base::Money::from_minor(250);
    domain::Order order{.id = id,
                        .customer = "",
                        .state = domain::OrderState::reserved,
                        .lines = {},
                        .execution_price = price.times(std::ssize(skus)).value(),
                        .reference = "",
                        .actor = "anonymous",
                        .version = 1,
                        .created_at = now,
                        .updated_at = now};
    domain::Hold hold{.id = id,
                      .state = domain::HoldState::pending,
                      .order = id,
                      .expires_at = expires_at,
                      .lines = {},
                      .version = 1};
    for (const auto& sku : skus) {
        order.lines.push_back({.sku = sku, .quantity = 1, .unit_price = price, .returned = 0});
        hold.lines.push_back({.sku = sku,
                              .location = domain::LocationCode::main(),
                              .quantity = 1,
                              .posted = 0,
                              .voided = 0});
    }
    return {.order = std::move(order), .hold = std::move(hold)};
}

Batch placed(const domain::OrderView& view) {
    Batch batch;
    batch.changes.orders.push_back(view.order);
    if (view.hold) batch.changes.holds.push_back(*view.hold);
    batch.outcomes.push_back(outcome(view.order.id, view.order.created_at));
    batch.events.push_back(event("order/" + view.order.id.to_string(), 1, view.order.created_at));
    return batch;
}

Batch expired(const domain::Snapshot& snapshot, const domain::Sku& sku) {
    Batch batch;
    for (const auto& due : snapshot.due_holds(sku)) {
        auto hold = *snapshot.find_hold(due);
        if (snapshot.find_order(due) == nullptr) throw std::runtime_error("a hold has no order");
        hold.state = domain::HoldState::expired;
        hold.expires_at.reset();
        for (auto& line : hold.lines)
            line.voided = line.quantity;
        batch.add(hold);
    }
    return batch;
}

}  // namespace stockroom::conformance
