#include <charconv>
#include <utility>

#include "stockroom/contract/json.hpp"

#include "problems.hpp"
#include "query_parameters.hpp"
#include "reads.hpp"

namespace stockroom::gateway {

namespace {

using contract::JsonWriter;

/// A hundred years: longer than any store is old.
constexpr std::int64_t kMaxWindowSeconds = 100LL * 366 * 24 * 3600;

std::optional<base::Time> read_time(QueryParameters& parameters, std::string_view name) {
    const auto text = parameters.text(name, 64);
    if (!text) return std::nullopt;
    const auto time = base::Time::parse(*text);
    if (!time) parameters.refuse(name, "must be a time like 2026-11-21T10:00:00Z");
    return time;
}

std::optional<std::chrono::seconds> read_window(QueryParameters& parameters) {
    const auto text = parameters.text("window", 20);
    if (!text) return std::nullopt;
    const char* const end = text->data() + text->size();
    std::int64_t seconds = 0;
    const auto [stop, error] = std::from_chars(text->data(), end, seconds);
    const bool is_whole = error == std::errc() && stop == end;
    if (!is_whole || seconds < 1 || seconds > kMaxWindowSeconds) {
        parameters.refuse("window", "must be whole seconds, from 1 to 3162240000");
        return std::nullopt;
    }
    return std::chrono::seconds(seconds);
}

ports::OrderSpan read_span(QueryParameters& parameters) {
    const ports::OrderSpan span{.since = read_time(parameters, "since"),
                                .until = read_time(parameters, "until"),
                                .window = read_window(parameters)};
    if (span.window && (span.since || span.until))
        parameters.refuse("window", "cannot be given together with `since` or `until`");
    if (span.since && span.until && *span.until < *span.since)
        parameters.refuse("until", "must not be before `since`");
    return span;
}

http::Response render(const ports::OrderStatistics& statistics) {
    const domain::OrderTotals& totals = statistics.totals;
    http::Response response;
    JsonWriter json(response.body);
    json.begin_object();
    if (statistics.since) json.field("since", statistics.since->to_string());
    if (statistics.until) json.field("until", statistics.until->to_string());
    json.field("processed", totals.processed);
    json.field("rejected", totals.rejected);
    json.name("units");
    json.raw(totals.units.to_string());
    json.field("total_execution_price", totals.execution_price.to_money());
    json.field("average_execution_price", totals.average_execution_price().to_money());
    json.end_object();
    return response;
}

http::Response render_metrics(const ports::OrderStatistics& statistics) {
    http::Response response;
    JsonWriter json(response.body);
    json.begin_object();
    json.field("total_orders_processed", statistics.totals.processed);
    json.field("average_execution_price", statistics.totals.average_execution_price().to_money());
    json.end_object();
    return response;
}

}  // namespace

Reads::Answer Reads::get_order_statistics(const http::Request& request) {
    QueryParameters parameters(request);
    const ports::OrderSpan span = read_span(parameters);
    if (const auto problem = parameters.problem()) return refuse(*problem);
    return answer([span](ports::Queries& queries) {
        const auto statistics = queries.order_statistics(span);
        return statistics ? render(*statistics)
                          : http::to_response(store_trouble(statistics.error()));
    });
}

Reads::Answer Reads::get_order_metrics() {
    return answer([](ports::Queries& queries) {
        const auto statistics = queries.order_statistics({});
        return statistics ? render_metrics(*statistics)
                          : http::to_response(store_trouble(statistics.error()));
    });
}

Reads::Answer Reads::refuse(http::Problem problem) {
    co_return http::to_response(problem);
}

}  // namespace stockroom::gateway
