#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "stockroom/http/message.hpp"
#include "stockroom/http/problem.hpp"
#include "stockroom/ports/queries.hpp"

#include "query_pool.hpp"
#include "read_cache.hpp"

namespace stockroom::gateway {

/// The reads: each checks what the client asks for, then reads and renders on a reader's thread;
/// those of one item or order ask the cache before.
/// The request is not looked at any more once the call has returned its answer-to-be.
class Reads {
  public:
    using Answer = boost::asio::awaitable<http::Response>;

    /// `cache`: null to ask the store each time.
    Reads(QueryPool& pool, std::chrono::seconds time, std::shared_ptr<ReadCache> cache)
        : pool_(pool), time_(time), cache_(std::move(cache)) {}

    Answer list_items(const http::Request& request);
    Answer get_item(const http::Request& request);
    Answer get_stock(const http::Request& request);
    Answer list_movements(const http::Request& request);
    Answer list_locations(const http::Request& request);
    Answer list_orders(const http::Request& request);
    Answer get_order(const http::Request& request);
    /// Of everything, or of a span of time.
    Answer get_order_statistics(const http::Request& request);
    /// The same of everything, as a client of GET /metrics asks for it.
    Answer get_order_metrics();
    Answer list_records(const http::Request& request);
    Answer get_record(const http::Request& request);
    Answer list_dead_letters(const http::Request& request);
    Answer get_dead_letter(const http::Request& request);
    Answer list_incidents(const http::Request& request);
    /// `in_flight`: it was published and has not ended yet, as far as is known here.
    Answer get_command(const http::Request& request, bool in_flight);

    /// Whether the store answers: 200, or why not.
    Answer check_store();

  private:
    using Read = std::function<http::Response(ports::Queries&)>;

    Answer answer(Read read);
    static Answer refuse(http::Problem problem);
    /// The cache's answer, when it is right.
    [[nodiscard]] std::optional<http::Response> find(const CacheKeyView& key);
    /// The store's, kept; the cache's old one when the store is away.
    Answer read_and_keep(CacheKey key, Read read);
    Answer read_command(base::Uuid id, bool in_flight);

    QueryPool& pool_;
    std::chrono::seconds time_;
    std::shared_ptr<ReadCache> cache_;
};

}  // namespace stockroom::gateway
