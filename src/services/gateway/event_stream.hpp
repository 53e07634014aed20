#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "stockroom/http/message.hpp"

#include "event_tail.hpp"
#include "query_pool.hpp"

namespace stockroom::gateway {

/// GET /v1/events: the event log as server-sent events (WHATWG HTML section 9.2), each once and in
/// order, from the position that the client has heard up to.
class EventStream {
  public:
    using Answer = boost::asio::awaitable<http::Response>;

    EventStream(QueryPool& pool, std::shared_ptr<EventTail> tail, std::chrono::seconds read_time)
        : pool_(pool), tail_(std::move(tail)), read_time_(read_time) {}

    /// The request is not looked at any more once the call has returned its answer-to-be.
    Answer listen(const http::Request& request);

  private:
    struct Wanted;
    Answer begin(Wanted wanted);

    QueryPool& pool_;
    std::shared_ptr<EventTail> tail_;
    std::chrono::seconds read_time_;
};

}  // namespace stockroom::gateway
