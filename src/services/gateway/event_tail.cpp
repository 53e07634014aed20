#include "event_tail.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stockroom/contract/events.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::gateway {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kPageSize = 200;
/// What a listener is given at once.
constexpr std::size_t kPieceBytes = 64UL * 1024;
/// Listeners that read the store at the same time, so that other reads get their turn.
constexpr std::size_t kTurnsMax = 2;
constexpr std::chrono::seconds kReadTime{2};
/// Between reads, so that many events in a row are told together: the more listeners, the more a
/// telling costs.
constexpr milliseconds kPause{5};
constexpr std::chrono::microseconds kPausePerListener{50};
constexpr milliseconds kPauseAfterFailure{1000};

/// WHATWG HTML section 9.2.6. JSON as it is written here has no line breaks.
std::string render(ports::LoggedEvent logged) {
    ports::EventRecord& event = logged.event;
    const std::string id = std::to_string(logged.position);
    std::string text = "id: " + id + "\nevent: " + event.type + "\ndata: ";
    text += contract::encode_event({.position = logged.position,
                                    .type = std::move(event.type),
                                    .key = std::move(event.key),
                                    .version = event.version,
                                    .command = event.command,
                                    .actor = std::move(event.actor),
                                    .at = event.at,
                                    .data = std::move(event.data)});
    text += "\n\n";
    return text;
}

/// Reads up to a page of wanted events out of the log, rendered.
struct ReadPiece {
    std::int64_t position;
    EventTypes types;

    std::expected<EventTail::Piece, ports::Error> operator()(ports::Queries& queries) const {
        auto events = queries.events_after(position, kPageSize);
        if (!events) return std::unexpected(std::move(events.error()));
        EventTail::Piece piece{.text = {}, .position = position};
        for (ports::LoggedEvent& event : *events) {
            if (piece.text.size() >= kPieceBytes) break;
            piece.position = event.position;
            if (types.contains(event.event.type)) piece.text += render(std::move(event));
        }
        return piece;
    }
};

}  // namespace

class EventTail::Seat {
  public:
    explicit Seat(std::shared_ptr<EventTail> tail) : tail_(std::move(tail)) {
        ++tail_->seats_;
        tail_->listeners_.set(static_cast<double>(tail_->seats_));
    }
    ~Seat() {
        --tail_->seats_;
        tail_->listeners_.set(static_cast<double>(tail_->seats_));
    }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

  private:
    std::shared_ptr<EventTail> tail_;
};

/// The right to read the store for one listener.
struct EventTail::Turn {
    explicit Turn(EventTail& of) : tail(of) { ++tail.turns_; }
    ~Turn() {
        --tail.turns_;
        tail.offer_turn();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    EventTail& tail;
};

EventTail::EventTail(asio::io_context& context, QueryPool& pool, Options options,
                     telemetry::Metrics& metrics)
    : context_(context),
      pool_(pool),
      options_(options),
      listeners_(metrics.gauge("stockroom_event_listeners", "Clients that listen to events.")),
      position_gauge_(metrics.gauge("stockroom_event_listeners_position",
                                    "Position in the log that listeners can have heard up to.")),
      timer_(context) {}

std::shared_ptr<EventTail::Seat> EventTail::take_seat() {
    if (seats_ >= options_.listeners_max) return nullptr;
    return std::make_shared<Seat>(shared_from_this());
}

void EventTail::nudge() {
    nudged_ = true;
    if (following_ && !pausing_) timer_.cancel();
}

/// Whoever was offered one before and went away without has left it for the next.
void EventTail::offer_turn() {
    if (waiting_.empty() || turns_ >= kTurnsMax) return;
    waiting_.front()->wake();
    waiting_.pop_front();
}

EventTail::Follower::Follower(std::shared_ptr<EventTail> tail, http::Stream& stream,
                              std::int64_t head)
    : tail_(std::move(tail)), stream_(stream) {
    tail_->followers_.push_back(&stream_);
    if (std::exchange(tail_->following_, true)) return;
    tail_->position_ = head;
    tail_->kept_.clear();
    tail_->kept_bytes_ = 0;
    asio::co_spawn(tail_->context_, follow(tail_), [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
    });
}

EventTail::Follower::~Follower() {
    std::erase(tail_->followers_, &stream_);
    std::erase(tail_->waiting_, &stream_);
    tail_->offer_turn();
    if (tail_->followers_.empty()) tail_->timer_.cancel();
}

std::optional<EventTail::Piece> EventTail::Follower::next(std::int64_t position,
                                                          const EventTypes& types) const {
    Piece piece{.text = {}, .position = position};
    if (position >= tail_->position_) return piece;
    const auto behind = static_cast<std::size_t>(tail_->position_ - position);
    if (behind > tail_->kept_.size()) return std::nullopt;
    for (std::size_t i = tail_->kept_.size() - behind; i < tail_->kept_.size(); ++i) {
        if (piece.text.size() >= kPieceBytes) break;
        const Told& told = tail_->kept_[i];
        if (types.contains(told.type)) piece.text += told.text;
        ++piece.position;
    }
    return piece;
}

asio::awaitable<std::optional<EventTail::Piece>> EventTail::Follower::catch_up(
    std::int64_t position, EventTypes types, base::Deadline deadline) {
    auto& queue = tail_->waiting_;
    while (tail_->turns_ >= kTurnsMax) {
        if (deadline <= std::chrono::steady_clock::now()) {
            std::erase(queue, &stream_);
            co_return std::nullopt;
        }
        if (std::ranges::find(queue, &stream_) == queue.end()) queue.push_back(&stream_);
        auto waiting = stream_.wait_until(deadline);
        if (!co_await std::move(waiting)) co_return std::nullopt;
    }
    std::erase(queue, &stream_);
    {
        const Turn turn(*tail_);
        auto reading = tail_->pool_.run(ReadPiece{position, std::move(types)}, base::in(kReadTime));
        auto piece = co_await std::move(reading);
        if (piece && *piece) co_return std::move(**piece);
    }
    auto pausing = stream_.wait_until(base::in(kPauseAfterFailure));
    co_await std::move(pausing);
    co_return std::nullopt;
}

asio::awaitable<void> EventTail::follow(std::shared_ptr<EventTail> self) {
    while (!self->followers_.empty()) {
        self->nudged_ = false;
        auto reading = self->read_more();
        if (co_await std::move(reading)) continue;
        auto resting = self->rest();
        co_await std::move(resting);
    }
    self->following_ = false;
}

/// Whether there may be more at once.
asio::awaitable<bool> EventTail::read_more() {
    using Read = std::expected<std::vector<Told>, ports::Error>;
    const auto read = [position = position_](ports::Queries& queries) -> Read {
        auto events = queries.events_after(position, kPageSize);
        if (!events) return std::unexpected(std::move(events.error()));
        std::vector<Told> all;
        for (ports::LoggedEvent& event : *events) {
            std::string type = event.event.type;
            all.push_back({.type = std::move(type), .text = render(std::move(event))});
        }
        return all;
    };
    std::vector<Told> told;
    std::string trouble;
    try {
        auto reading = pool_.run(read, base::in(kReadTime));
        auto answer = co_await std::move(reading);
        if (!answer)
            trouble = "no answer in time";
        else if (!*answer)
            trouble = answer->error().detail;
        else
            told = std::move(**answer);
    } catch (const std::exception& failure) {
        // A line that cannot be read must not end what has nothing to do with it.
        trouble = failure.what();
    }
    const bool failed = !trouble.empty();
    if (failed && !failing_)
        telemetry::log(telemetry::LogLevel::warning, "the event log cannot be read",
                       {{"reason", trouble}});
    failing_ = failed;
    const bool full = told.size() == kPageSize;
    if (!told.empty()) keep(std::move(told));
    co_return full;
}

asio::awaitable<void> EventTail::rest() {
    boost::system::error_code ignored;
    pausing_ = true;
    const auto listeners = static_cast<std::int64_t>(followers_.size());
    timer_.expires_after(failing_ ? kPauseAfterFailure : kPause + listeners * kPausePerListener);
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    pausing_ = false;
    if (nudged_ || failing_ || followers_.empty()) co_return;
    timer_.expires_after(options_.look_every);
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void EventTail::keep(std::vector<Told> read) {
    position_ += static_cast<std::int64_t>(read.size());
    position_gauge_.set(static_cast<double>(position_));
    for (Told& told : read) {
        kept_bytes_ += told.text.size();
        kept_.push_back(std::move(told));
    }
    while (kept_.size() > options_.events_max || kept_bytes_ > options_.bytes_max) {
        kept_bytes_ -= kept_.front().text.size();
        kept_.pop_front();
    }
    for (http::Stream* follower : followers_)
        follower->wake();
}

}  // namespace stockroom::gateway
