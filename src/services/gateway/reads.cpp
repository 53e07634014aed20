#include "reads.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/dead_letters.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/http/problem.hpp"

#include "problems.hpp"
#include "query_parameters.hpp"
#include "request_headers.hpp"

namespace stockroom::gateway {

namespace {

using contract::JsonWriter;

/// Longer than any text that could match.
constexpr std::size_t kMaxPrefixLength = domain::kMaxNameLength;

constexpr std::size_t kMaxQueueLength = 255;
/// So much of a dead letter's body, in bytes, is shown at once.
constexpr std::size_t kShownBodyMax = std::size_t{4} * 1024 * 1024;

/// How long the store is waited for when there is an old answer.
constexpr std::chrono::seconds kPatienceWithOld{1};
/// How long /readyz waits for it.
constexpr std::chrono::seconds kReadyTime{2};

Reads::Answer at_once(http::Response response) {
    co_return response;
}

Reads::Answer at_once(const http::Problem& problem) {
    return at_once(http::to_response(problem));
}

std::optional<domain::Sku> sku_in_path(const http::Request& request) {
    const auto found = request.path_parameters.find("sku");
    if (found == request.path_parameters.end()) return std::nullopt;
    return domain::Sku::parse(found->second);
}

std::optional<base::Uuid> id_in_path(const http::Request& request) {
    const auto found = request.path_parameters.find("id");
    if (found == request.path_parameters.end()) return std::nullopt;
    return base::Uuid::parse(found->second);
}

std::optional<domain::Srn> srn_in_path(const http::Request& request) {
    const auto found = request.path_parameters.find("srn");
    if (found == request.path_parameters.end()) return std::nullopt;
    return domain::Srn::parse(found->second);
}

http::Problem malformed_id() {
    return invalid_field("id", "must be a UUID");
}

std::optional<http::Problem> refuse_parameters(const http::Request& request) {
    return QueryParameters(request).problem();
}

constexpr auto kWriteRow = [](JsonWriter& json, const auto& row) { contract::write(json, row); };

/// {"NAME":[…],"next":"…"}
template <typename Row, typename Write = decltype(kWriteRow)>
http::Response render(const ports::PageResult<Row>& page, std::string_view name,
                      const Write& write = kWriteRow) {
    if (!page) {
        if (const auto* error = std::get_if<ports::Error>(&page.error()))
            return http::to_response(store_trouble(*error));
        return http::to_response(invalid_field("cursor", "must be the `next` of a page"));
    }
    http::Response response;
    JsonWriter json(response.body);
    json.begin_object();
    json.name(name);
    json.begin_array();
    for (const Row& row : page->rows)
        write(json, row);
    json.end_array();
    if (!page->next.empty()) json.field("next", page->next);
    json.end_object();
    return response;
}

http::Response render_stock(const ports::ItemStock& stock) {
    http::Response response;
    JsonWriter json(response.body);
    json.begin_object();
    json.field("sku", stock.item.item.sku.text());
    json.field("on_hand", stock.item.on_hand);
    json.field("held", stock.item.held);
    json.field("available", stock.item.available());
    json.name("levels");
    json.begin_array();
    for (const domain::Level& level : stock.levels) {
        json.begin_object();
        json.field("location", level.location.text());
        json.field("on_hand", level.on_hand);
        json.field("held", level.held);
        json.field("available", level.available());
        json.end_object();
    }
    json.end_array();
    json.name("holds");
    json.begin_array();
    for (const domain::Hold& hold : stock.holds)
        contract::write(json, hold);
    json.end_array();
    if (stock.more_holds) json.field("more_holds", true);
    json.end_object();
    return response;
}

template <typename State>
http::Response render_state(const State& state) {
    http::Response response;
    JsonWriter json(response.body);
    contract::write(json, state);
    return response;
}

template <typename State>
http::Response render_versioned(const State& state, domain::Version version) {
    http::Response response = render_state(state);
    response.headers.emplace_back("ETag", entity_tag(version));
    return response;
}

http::Response from_cache(const ReadCache::Entry& entry) {
    http::Response response;
    response.body = entry.body;
    if (!entry.entity_tag.empty()) response.headers.emplace_back("ETag", entry.entity_tag);
    return response;
}

/// RFC 9111 section 5.1, and RFC 7234 section 5.5.1 for those who look for a warning.
http::Response from_cache_when_old(const ReadCache::Entry& entry, ReadCache::Time now) {
    http::Response response = from_cache(entry);
    if (!entry.old_since) return response;
    const auto age = std::chrono::ceil<std::chrono::seconds>(now - *entry.old_since);
    response.headers.emplace_back("Age", std::to_string(age.count()));
    response.headers.emplace_back("Warning", R"(110 - "Response is Stale")");
    return response;
}

std::string entity_tag_of(const http::Response& response) {
    const auto& headers = response.headers;
    const auto found =
        std::ranges::find(headers, "ETag", &std::pair<std::string, std::string>::first);
    return found == headers.end() ? std::string() : found->second;
}

http::Problem to_problem(QueryPool::Refusal refusal) {
    switch (refusal) {
        case QueryPool::Refusal::full:
            return reads_overloaded();
        case QueryPool::Refusal::late:
            return read_too_late();
    }
    CHECK(false, "every refusal is a problem");
}

void begin_command(JsonWriter& json, const base::Uuid& id, std::string_view state) {
    json.begin_object();
    json.field("id", id.to_string());
    json.field("state", state);
}

http::Response render_done(const ports::StoredOutcome& outcome) {
    http::Response response;
    JsonWriter json(response.body);
    begin_command(json, outcome.command, "done");
    json.name("outcome");
    json.raw(outcome.bytes);
    json.end_object();
    return response;
}

http::Response render_command(ports::Queries& queries, const base::Uuid& id, bool in_flight) {
    const auto letter = queries.dead_letter(id, 0);
    if (!letter) return http::to_response(store_trouble(letter.error()));
    http::Response response;
    JsonWriter json(response.body);
    if (*letter && is_dead(**letter)) {
        begin_command(json, id, "dead");
        json.field("reason", contract::readable((*letter)->reason));
        json.end_object();
        return response;
    }
    const bool is_sent_again = letter->has_value();
    if (!in_flight && !is_sent_again) return http::to_response(command_not_found());
    begin_command(json, id, "pending");
    json.end_object();
    return response;
}

}  // namespace

Reads::Answer Reads::answer(Read read) {
    const base::Deadline deadline = base::in(time_);
    auto reading = pool_.run(std::move(read), deadline);
    auto response = co_await std::move(reading);
    if (!response) co_return http::to_response(to_problem(response.error()));
    co_return std::move(*response);
}

std::optional<http::Response> Reads::find(const CacheKeyView& key) {
    if (!cache_) return std::nullopt;
    const ReadCache::Entry* entry = cache_->find(key, std::chrono::steady_clock::now());
    if (entry == nullptr) return std::nullopt;
    return from_cache(*entry);
}

Reads::Answer Reads::read_and_keep(CacheKey key, Read read) {
    if (!cache_) {
        auto answering = answer(std::move(read));
        co_return co_await std::move(answering);
    }
    const auto begun = std::chrono::steady_clock::now();
    const auto time =
        cache_->find_old(key.view(), begun) == nullptr ? time_ : std::min(time_, kPatienceWithOld);
    ReadCache::Fill fill(cache_, key, begun);
    auto reading = pool_.run(std::move(read), begun + time);
    auto response = co_await std::move(reading);
    if (!response || response->status == 503) {
        const auto now = std::chrono::steady_clock::now();
        const ReadCache::Entry* old = cache_->find_old(key.view(), now);
        if (old == nullptr)
            co_return response ? std::move(*response)
                               : http::to_response(to_problem(response.error()));
        cache_->count_stale();
        co_return from_cache_when_old(*old, now);
    }
    if (response->status == 200) fill.finish(response->body, entity_tag_of(*response));
    if (response->status == 404) cache_->forget(std::span(&key, 1));
    co_return std::move(*response);
}

Reads::Answer Reads::list_items(const http::Request& request) {
    QueryParameters parameters(request);
    const ports::ItemFilter filter{
        .prefix = parameters.text("q", kMaxPrefixLength).value_or(""),
        .label = parameters.text("label", domain::kMaxLabelLength).value_or(""),
        .low_stock = parameters.truth("low_stock")};
    const ports::PageRequest page = parameters.page();
    if (const auto problem = parameters.problem()) return at_once(*problem);
    return answer([filter, page](ports::Queries& queries) {
        return render(queries.items(filter, page), "items");
    });
}

Reads::Answer Reads::get_item(const http::Request& request) {
    const auto sku = sku_in_path(request);
    if (!sku) return at_once(item_not_found());
    if (const auto problem = refuse_parameters(request)) return at_once(*problem);
    if (auto known = find({Cached::item, sku->text()})) return at_once(std::move(*known));
    return read_and_keep({Cached::item, sku->text()}, [sku = *sku](ports::Queries& queries) {
        const auto item = queries.item(sku);
        if (!item) return http::to_response(store_trouble(item.error()));
        if (!*item) return http::to_response(item_not_found());
        return render_versioned(**item, (*item)->item.version);
    });
}

Reads::Answer Reads::get_stock(const http::Request& request) {
    const auto sku = sku_in_path(request);
    if (!sku) return at_once(item_not_found());
    if (const auto problem = refuse_parameters(request)) return at_once(*problem);
    if (auto known = find({Cached::stock, sku->text()})) return at_once(std::move(*known));
    return read_and_keep({Cached::stock, sku->text()}, [sku = *sku](ports::Queries& queries) {
        const auto stock = queries.stock(sku);
        if (!stock) return http::to_response(store_trouble(stock.error()));
        if (!*stock) return http::to_response(item_not_found());
        return render_stock(**stock);
    });
}

Reads::Answer Reads::list_movements(const http::Request& request) {
    const auto sku = sku_in_path(request);
    if (!sku) return at_once(item_not_found());
    QueryParameters parameters(request);
    const ports::PageRequest page = parameters.page();
    if (const auto problem = parameters.problem()) return at_once(*problem);
    return answer([sku = *sku, page](ports::Queries& queries) {
        const auto movements = queries.movements(sku, page);
        if (movements && movements->rows.empty() && page.cursor.empty()) {
            // No ledger yet: the item was made without stock, or was never made.
            const auto item = queries.item(sku);
            if (!item) return http::to_response(store_trouble(item.error()));
            if (!*item) return http::to_response(item_not_found());
        }
        return render(movements, "movements");
    });
}

Reads::Answer Reads::list_locations(const http::Request& request) {
    QueryParameters parameters(request);
    const ports::PageRequest page = parameters.page();
    if (const auto problem = parameters.problem()) return at_once(*problem);
    return answer(
        [page](ports::Queries& queries) { return render(queries.locations(page), "locations"); });
}

Reads::Answer Reads::list_incidents(const http::Request& request) {
    QueryParameters parameters(request);
    const ports::PageRequest page = parameters.page();
    if (const auto problem = parameters.problem()) return at_once(*problem);
    return answer(
        [page](ports::Queries& queries) { return render(queries.incidents(page), "incidents"); });
}

Reads::Answer Reads::list_orders(const http::Request& request) {
    QueryParameters parameters(request);
    ports::OrderFilter filter;
    filter.customer = parameters.text("customer", domain::kMaxCustomerLength).value_or("");
    if (const auto state = parameters.text("state", 64)) {
        filter.state = contract::parse_order_state(*state);
        if (!filter.state) parameters.refuse("state", "must be the name of a state");
    }
    if (const auto since = parameters.text("since", 64)) {
        filter.since = base::Time::parse(*since);
        if (!filter.since) parameters.refuse("since", "must be a time like 2026-11-21T10:00:00Z");
    }
    const ports::PageRequest page = parameters.page();
    if (const auto problem = parameters.problem()) return at_once(*problem);
    return answer([filter, page](ports::Queries& queries) {
        return render(queries.orders(filter, page), "orders");
    });
}

Reads::Answer Reads::get_order(const http::Request& request) {
    const auto id = id_in_path(request);
    if (!id) return at_once(malformed_id());
    if (const auto problem = refuse_parameters(request)) return at_once(*problem);
    std::string text = id->to_string();
    if (auto known = find({Cached::order, text})) return at_once(std::move(*known));
    return read_and_keep({Cached::order, std::move(text)}, [id = *id](ports::Queries& queries) {
        const auto order = queries.order(id);
        if (!order) return http::to_response(store_trouble(order.error()));
        if (!*order) return http::to_response(order_not_found());
        return render_versioned(**order, (*order)->order.version);
    });
}

Reads::Answer Reads::list_records(const http::Request& request) {
    QueryParameters parameters(request);
    const ports::PageRequest page = parameters.page();
    if (const auto problem = parameters.problem()) return at_once(*problem);
    return answer(
        [page](ports::Queries& queries) { return render(queries.records(page), "records"); });
}

Reads::Answer Reads::get_record(const http::Request& request) {
    const auto srn = srn_in_path(request);
    if (!srn) return at_once(record_not_found());
    if (const auto problem = refuse_parameters(request)) return at_once(*problem);
    return answer([srn = *srn](ports::Queries& queries) {
        const auto record = queries.record(srn);
        if (!record) return http::to_response(store_trouble(record.error()));
        if (!*record) return http::to_response(record_not_found());
        return render_state(**record);
    });
}

Reads::Answer Reads::list_dead_letters(const http::Request& request) {
    QueryParameters parameters(request);
    ports::DeadLetterFilter filter;
    if (const auto state = parameters.text("state", 64)) {
        filter.state = contract::parse_dead_letter_state(*state);
        if (!filter.state) parameters.refuse("state", "must be the name of a state");
    }
    filter.queue = parameters.text("queue", kMaxQueueLength).value_or("");
    const ports::PageRequest page = parameters.page();
    if (const auto problem = parameters.problem()) return at_once(*problem);
    return answer([filter, page](ports::Queries& queries) {
        return render(queries.dead_letters(filter, page), "dead_letters",
                      contract::write_with_body);
    });
}

Reads::Answer Reads::get_dead_letter(const http::Request& request) {
    const auto id = id_in_path(request);
    if (!id) return at_once(malformed_id());
    if (const auto problem = refuse_parameters(request)) return at_once(*problem);
    return answer([id = *id](ports::Queries& queries) {
        const auto letter = queries.dead_letter(id, kShownBodyMax);
        if (!letter) return http::to_response(store_trouble(letter.error()));
        if (!*letter) return http::to_response(dead_letter_not_found());
        http::Response response;
        JsonWriter json(response.body);
        contract::write_with_body(json, **letter);
        return response;
    });
}

Reads::Answer Reads::get_command(const http::Request& request, bool in_flight) {
    const auto id = id_in_path(request);
    if (!id) return at_once(malformed_id());
    if (const auto problem = refuse_parameters(request)) return at_once(*problem);
    return read_command(*id, in_flight);
}

Reads::Answer Reads::read_command(base::Uuid id, bool in_flight) {
    struct Found {
        http::Response response;
        std::vector<CacheKey> changed;
    };
    const auto read = [id, in_flight](ports::Queries& queries) -> Found {
        const auto outcome = queries.outcome(id);
        if (!outcome) return {http::to_response(store_trouble(outcome.error())), {}};
        if (!*outcome) return {render_command(queries, id, in_flight), {}};
        const auto decoded = contract::decode_outcome((*outcome)->bytes);
        return {render_done(**outcome), decoded ? keys_of(*decoded) : std::vector<CacheKey>()};
    };
    auto reading = pool_.run(read, base::in(time_));
    auto found = co_await std::move(reading);
    if (!found) co_return http::to_response(to_problem(found.error()));
    // Whoever is told that it is done reads what it did.
    if (cache_) cache_->forget(found->changed);
    co_return std::move(found->response);
}

Reads::Answer Reads::check_store() {
    const auto read = [](ports::Queries& queries) {
        return queries.locations({.cursor = "", .limit = 1}).has_value();
    };
    auto reading = pool_.run(read, base::in(std::min(time_, kReadyTime)));
    const auto answers = co_await std::move(reading);
    if (!answers) co_return http::to_response(not_ready("store: it does not answer in time"));
    if (!*answers) co_return http::to_response(not_ready("store: it cannot be read"));
    http::Response response;
    response.body = R"({"status":"ok"})";
    co_return response;
}

}  // namespace stockroom::gateway
