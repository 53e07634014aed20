#include "event_stream.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "problems.hpp"
#include "query_parameters.hpp"

namespace stockroom::gateway {

namespace asio = boost::asio;

namespace {

/// How long a client waits before it connects again, and how long nothing may be sent: proxies
/// close what is silent, and a peer that vanished is noticed only by sending.
constexpr std::string_view kStart = "retry: 1000\n\n";
constexpr std::chrono::seconds kHeartbeat{10};
constexpr std::size_t kMaxTypesLength = 1'000;
constexpr std::size_t kMaxPositionLength = 100;

constexpr std::string_view kHeader = "Last-Event-ID";
constexpr std::string_view kParameter = "last_event_id";

std::optional<std::int64_t> parse_position(std::string_view text) {
    std::int64_t position = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, position);
    if (text.starts_with('-') || error != std::errc() || stop != end) return std::nullopt;
    return position;
}

http::Problem invalid_position(std::string_view where, std::string_view detail) {
    return {.status = 400,
            .type = "invalid_position",
            .title = "This is no position in the event log",
            .detail = std::string(detail),
            .field = std::string(where)};
}

asio::awaitable<http::Response> at_once(http::Problem problem) {
    co_return http::to_response(problem);
}

struct Listener {
    std::shared_ptr<EventTail> tail;
    std::shared_ptr<EventTail::Seat> seat;
    EventTypes types;
    std::int64_t position = 0;  // told up to here
    std::int64_t head = 0;
};

/// What keeps the connection alive. The id, when events were passed over, spares reading them again
/// after a reconnect; without data it is no event (section 9.2.6).
std::string heartbeat(std::int64_t told, std::int64_t position) {
    return told == position ? ":\n\n" : "id: " + std::to_string(position) + "\n\n";
}

asio::awaitable<void> tell(Listener listener, http::Stream& stream) {
    EventTail::Follower follower(listener.tail, stream, listener.head);
    std::int64_t told = listener.position;  // the client's last id
    auto starting = stream.write(kStart);
    bool goes_on = co_await std::move(starting);
    base::Deadline silent_until = base::in(kHeartbeat);
    while (goes_on) {
        auto piece = follower.next(listener.position, listener.types);
        if (!piece) {
            auto catching_up = follower.catch_up(listener.position, listener.types, silent_until);
            piece = co_await std::move(catching_up);
        }
        const bool moved = piece && piece->position > listener.position;
        if (moved) listener.position = piece->position;
        std::string text = piece ? std::move(piece->text) : std::string();
        if (!text.empty()) {
            told = listener.position;
        } else if (silent_until <= std::chrono::steady_clock::now()) {
            text = heartbeat(std::exchange(told, listener.position), listener.position);
        }
        if (!text.empty()) {
            silent_until = base::in(kHeartbeat);
            auto writing = stream.write(text);
            goes_on = co_await std::move(writing);
        } else {
            // Those who are behind go on at once; a wait that is over already only asks whether to.
            auto waiting =
                stream.wait_until(moved || !piece ? base::Deadline::min() : silent_until);
            goes_on = co_await std::move(waiting);
        }
    }
}

}  // namespace

struct EventStream::Wanted {
    EventTypes types;
    std::optional<std::int64_t> after;
    std::string_view named_by;  // where the position stood
};

EventStream::Answer EventStream::listen(const http::Request& request) {
    QueryParameters parameters(request);
    Wanted wanted;
    if (const auto types = parameters.text("types", kMaxTypesLength)) {
        if (auto parsed = EventTypes::parse(*types))
            wanted.types = *std::move(parsed);
        else
            parameters.refuse("types", "must be types of events, like order.*,item.created");
    }
    auto position = parameters.text(kParameter, kMaxPositionLength);
    if (const auto problem = parameters.problem()) return at_once(*problem);
    wanted.named_by = kParameter;
    // A client that connects again repeats its URL, and has heard more since.
    if (auto header = request.header("last-event-id")) {
        position = std::move(header);
        wanted.named_by = kHeader;
    }
    if (position) {
        wanted.after = parse_position(*position);
        if (!wanted.after)
            return at_once(invalid_position(wanted.named_by, "It must be the id of an event."));
    }
    return begin(std::move(wanted));
}

EventStream::Answer EventStream::begin(Wanted wanted) {
    auto seat = tail_->take_seat();
    if (!seat) co_return http::to_response(too_many_listeners());
    auto reading =
        pool_.run([](ports::Queries& queries) { return queries.log_head(); }, base::in(read_time_));
    const auto head = co_await std::move(reading);
    if (!head)
        co_return http::to_response(head.error() == QueryPool::Refusal::full ? reads_overloaded()
                                                                             : read_too_late());
    if (!*head) co_return http::to_response(store_trouble(head->error()));
    const std::int64_t after = wanted.after.value_or(**head);
    if (after > **head)
        co_return http::to_response(invalid_position(
            wanted.named_by,
            "The log has not come so far: its last event is " + std::to_string(**head) + "."));

    Listener listener{.tail = tail_,
                      .seat = std::move(seat),
                      .types = std::move(wanted.types),
                      .position = after,
                      .head = **head};
    http::Response response;
    response.content_type = "text/event-stream";
    response.headers.emplace_back("X-Accel-Buffering", "no");  // nginx: pass each piece on
    response.stream = [listener = std::move(listener)](http::Stream& stream) {
        return tell(listener, stream);
    };
    co_return response;
}

}  // namespace stockroom::gateway
