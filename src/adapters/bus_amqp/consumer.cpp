#include "consumer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "stockroom/contract/codec.hpp"

#include "topology.hpp"

namespace stockroom::bus_amqp {

namespace {

using ports::ErrorKind;
using std::chrono::milliseconds;

constexpr Channel kIntakeChannel = 1;
constexpr Channel kConfirmedChannel = 1;  // of the outlet
constexpr Channel kReplyChannel = 2;      // of the outlet
constexpr std::size_t kPrefetchMax = 1'024;
constexpr std::size_t kReadyBytesMax = 32 * 1024 * 1024;  // then nothing more is asked for
constexpr std::size_t kMessageBytesMin = kReadyBytesMax / kPrefetchMax;
constexpr std::size_t kTakeBytesMax = 4 * 1024 * 1024;    // beyond the first message
constexpr std::size_t kReplyBytesMax = 16 * 1024 * 1024;  // that wait
constexpr std::size_t kReasonBytesMax = 4'000;
constexpr milliseconds kDeadLetterMax{5'000};
constexpr milliseconds kIsolateMax{3'000};
constexpr milliseconds kIsolateRoundMax{200};
constexpr milliseconds kStopMax{1'500};

}  // namespace

AmqpConsumer::AmqpConsumer(std::shared_ptr<AmqpBus::Shared> shared, std::string_view queue, Of of)
    : shared_(std::move(shared)),
      queue_(queue),
      of_(of),
      dead_(shared_->metrics.counter("stockroom_queue_dead_total",
                                     "Messages and parts of messages that became dead letters")),
      isolated_(shared_->metrics.counter(
          "stockroom_bus_isolated_messages_total",
          "Messages with several commands that were delivered again and taken apart")),
      intake_(shared_, fmt::format("consumer of {}", queue),
              [this](Connection& connection) -> Expected<void> {
                  if (of_ == Of::classic) return declare_classic_queue(connection, queue_);
                  return {};
              }),
      outlet_(shared_, fmt::format("replies of {}", queue),
              [](Connection& connection) { return connection.select_confirms(kConfirmedChannel); }),
      thread_([this] { run(); }) {}

AmqpConsumer::~AmqpConsumer() {
    {
        const base::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    intake_.end_at(base::in(kStopMax));
    outlet_.end_at(base::in(kStopMax));
    wakeup_.wake();
    thread_.join();
}

std::expected<std::vector<ports::Delivery>, ports::Error> AmqpConsumer::take(
    std::size_t messages_max, base::Deadline deadline) {
    const base::lock_guard lock(mutex_);
    const bool asks_otherwise = std::exchange(asked_, messages_max) != messages_max;
    is_waiting_ = true;
    if (ready_.empty() || asks_otherwise) wakeup_.wake();
    bool in_time = true;
    while (ready_.empty() && !is_interrupted_ && in_time)
        in_time = changed_.wait_until(mutex_, deadline);
    is_waiting_ = false;
    if (std::exchange(is_interrupted_, false)) return std::vector<ports::Delivery>{};
    return take_ready(messages_max);
}

std::vector<ports::Delivery> AmqpConsumer::take_ready(std::size_t messages_max) {
    std::vector<ports::Delivery> taken;
    std::size_t bytes = 0;
    while (!ready_.empty() && taken.size() < messages_max) {
        bytes += ready_.front().bytes.size();
        if (bytes > kTakeBytesMax && !taken.empty()) break;
        ready_bytes_ -= ready_.front().bytes.size();
        taken.push_back(std::move(ready_.front()));
        ready_.pop_front();
    }
    if (!taken.empty()) is_fresh_ = false;
    return taken;
}

void AmqpConsumer::interrupt() {
    const base::lock_guard lock(mutex_);
    is_interrupted_ = true;
    changed_.notify_all();
}

void AmqpConsumer::reply(std::vector<ports::Reply> replies) {
    auto messages = join(std::move(replies));
    if (messages.empty()) return;
    {
        const base::lock_guard lock(mutex_);
        for (auto& message : messages) {
            // Replies need not arrive; memory has an end.
            if (replies_bytes_ + message.bytes.size() > kReplyBytesMax) break;
            replies_bytes_ += message.bytes.size();
            replies_.push_back(std::move(message));
        }
    }
    wakeup_.wake();
}

Expected<void> AmqpConsumer::answer(ports::Reply reply, base::Deadline deadline) {
    if (reply.reply_to.empty()) return {};
    {
        const base::lock_guard lock(mutex_);
        const auto has_room = [&]() STOCKROOM_REQUIRES(mutex_) {
            return replies_bytes_ == 0 || replies_bytes_ + reply.bytes.size() <= kReplyBytesMax;
        };
        bool in_time = true;
        waits_for_room_ = true;
        while (!has_room() && in_time)
            in_time = changed_.wait_until(mutex_, deadline);
        waits_for_room_ = false;
        if (!has_room())
            return std::unexpected(
                ports::Error{ErrorKind::retryable, "rabbitmq: answers are not taken"});
        replies_bytes_ += reply.bytes.size();
        replies_.push_back({.reply_to = std::move(reply.reply_to),
                            .correlation_id = std::move(reply.correlation_id),
                            .bytes = std::move(reply.bytes)});
    }
    wakeup_.wake();
    return {};
}

Expected<void> AmqpConsumer::ack(std::span<const std::uint64_t> tags) {
    return settle(tags, Settlement::Kind::ack);
}

Expected<void> AmqpConsumer::give_back(std::span<const std::uint64_t> tags) {
    return settle(tags, Settlement::Kind::give_back);
}

Expected<void> AmqpConsumer::settle(std::span<const std::uint64_t> tags, Settlement::Kind kind) {
    {
        const base::lock_guard lock(mutex_);
        if (auto error = check(tags)) return std::unexpected(*std::move(error));
        std::ranges::copy(unacked_.settle(tags, kind), std::back_inserter(settlements_));
        for (const auto tag : tags)
            redelivered_.erase(tag);
    }
    wakeup_.wake();
    return {};
}

std::optional<ports::Error> AmqpConsumer::check(std::span<const std::uint64_t> tags) {
    switch (unacked_.check(tags)) {
        case Unacked::Known::all:
            return std::nullopt;
        case Unacked::Known::stale:
            return ports::Error{ErrorKind::retryable,
                                "rabbitmq: the connection that it came on is lost"};
        case Unacked::Known::never:
            break;
    }
    return ports::Error{ErrorKind::permanent, "rabbitmq: no message has this tag"};
}

Expected<void> AmqpConsumer::dead_letter(std::uint64_t tag, std::string_view bytes,
                                         std::string_view reason) {
    DeadLetter letter{.bytes = bytes,
                      .reason = reason.substr(0, kReasonBytesMax),
                      .redeliveries = 0,
                      .deadline = base::in(kDeadLetterMax)};
    const base::lock_guard lock(mutex_);
    if (auto error = check(std::span(&tag, 1))) return std::unexpected(*std::move(error));
    if (const auto found = redelivered_.find(tag); found != redelivered_.end())
        letter.redeliveries = found->second;
    dead_letter_ = &letter;
    wakeup_.wake();
    bool in_time = true;
    while (!letter.result && (in_time || letter.is_under_way)) {
        if (in_time) {
            in_time = changed_.wait_until(mutex_, letter.deadline);
        } else {
            changed_.wait(mutex_);  // it has the same deadline
        }
    }
    dead_letter_ = nullptr;
    if (letter.result) return *std::move(letter.result);
    return std::unexpected(ports::Error{ErrorKind::retryable, shared_->why_away()});
}

void AmqpConsumer::run() {
    while (true) {
        bool is_stopping = false;
        {
            const base::lock_guard lock(mutex_);
            is_stopping = is_stopping_;
        }
        if (Connection* connection = is_stopping ? intake_.connection() : intake_.connect())
            serve_intake(*connection, is_stopping);
        serve_outlet();
        if (is_stopping) break;

        std::vector<Connection*> connections;
        auto next = base::Deadline::max();
        for (Link* link : {&intake_, &outlet_}) {
            if (link->connection() != nullptr) {
                connections.push_back(link->connection());
            } else {
                next = std::min(next, link->retry_at());
            }
        }
        wait_for(connections, wakeup_, next);
    }
    intake_.close();
    outlet_.close();
}

void AmqpConsumer::serve_intake(Connection& connection, bool is_stopping) {
    auto served = connection.pump(*this);
    // At the end nobody takes anything any more, and the broker gives it to others.
    if (served && !is_stopping) hand_over();
    if (served) served = send_settlements(connection);
    if (served) served = adjust_prefetch(connection);
    if (!intake_.check(served)) forget_intake();
}

void AmqpConsumer::on_message(Channel /*channel*/, Incoming message) {
    incoming_.push_back(std::move(message));
}

void AmqpConsumer::hand_over() {
    if (incoming_.empty()) return;
    std::vector<Incoming> whole;
    std::vector<Settlement> apart;
    // The broker and the owner must hear of us meanwhile: what is left is for the next round.
    const auto until = base::in(kIsolateRoundMax);
    auto next = incoming_.begin();
    do {
        Incoming& message = *next++;
        if (isolate(message)) {
            apart.push_back({.kind = Settlement::Kind::ack, .tag = message.tag});
        } else {
            whole.push_back(std::move(message));
        }
    } while (next != incoming_.end() && std::chrono::steady_clock::now() < until);
    incoming_.erase(incoming_.begin(), next);
    if (!incoming_.empty()) wakeup_.wake();
    isolated_.add(static_cast<double>(apart.size()));

    const base::lock_guard lock(mutex_);
    std::ranges::copy(apart, std::back_inserter(settlements_));
    for (Incoming& message : whole) {
        const std::size_t size = message.bytes.size();
        ready_bytes_ += size;
        message_bytes_ = message_bytes_ == 0 ? size : (message_bytes_ * 7 + size) / 8;
        ready_.push_back({.tag = unacked_.add(message.tag),
                          .bytes = std::move(message.bytes),
                          .reply_to = std::move(message.reply_to),
                          .correlation_id = std::move(message.correlation_id),
                          .message_id = std::move(message.message_id),
                          .earlier_deliveries = message.earlier_deliveries,
                          .death = std::move(message.death)});
        if (message.earlier_deliveries > 0)
            redelivered_.emplace(ready_.back().tag, message.earlier_deliveries);
    }
    changed_.notify_all();
}

/// Puts the commands of an array that is delivered again back into the queue, each as a message of
/// its own. When that cannot be done now, the owner gets the array as it is.
bool AmqpConsumer::isolate(const Incoming& message) {
    Connection* connection = outlet_.connection();
    const bool can_send = connection != nullptr && connection->blocked().empty();
    if (of_ != Of::commands || message.earlier_deliveries == 0 || !can_send) return false;
    const auto parts = contract::split_message(message.bytes);
    if (parts.empty()) return false;
    std::vector<std::string> ids;
    std::vector<Outgoing> outgoing;
    ids.reserve(parts.size());
    for (const auto& part : parts) {
        ids.push_back(part.id ? part.id->to_string() : message.message_id);
        outgoing.push_back({.exchange = kCommandsExchange,
                            .routing_key = queue_,
                            .bytes = part.bytes,
                            .message_id = ids.back(),
                            .reply_to = message.reply_to,
                            .correlation_id = message.correlation_id,
                            .mandatory = true});
    }
    const auto published =
        publish_confirmed(*connection, kConfirmedChannel, outgoing, base::in(kIsolateMax));
    if (!published) outlet_.lose(published.error());
    return published && published->empty();
}

Expected<void> AmqpConsumer::send_settlements(Connection& connection) {
    std::vector<Settlement> settlements;
    {
        const base::lock_guard lock(mutex_);
        settlements.swap(settlements_);
    }
    for (const auto& [kind, tag, multiple] : settlements) {
        auto sent = kind == Settlement::Kind::ack
                        ? connection.ack(kIntakeChannel, tag, multiple)
                        : connection.give_back(kIntakeChannel, tag, multiple);
        if (!sent) return sent;
    }
    return {};
}

Expected<void> AmqpConsumer::adjust_prefetch(Connection& connection) {
    const auto wanted = wanted_prefetch();
    if (!wanted) return {};
    // A prefetch holds for consumers that come after it. What the old one was given stays ours.
    if (prefetch_ > 0) {
        prefetch_ = 0;
        if (auto cancelled = connection.cancel(kIntakeChannel, consumer_); !cancelled)
            return cancelled;
    }
    if (*wanted == 0) return {};
    {
        const base::lock_guard lock(mutex_);
        first_tag_ = unacked_.next_tag();
    }
    consumer_ = fmt::format("{}-{}", queue_, ++consumers_);
    prefetch_ = *wanted;
    return connection.consume(kIntakeChannel, queue_, consumer_, Connection::Acks::by_us, *wanted);
}

std::optional<std::uint16_t> AmqpConsumer::wanted_prefetch() {
    const base::lock_guard lock(mutex_);
    if (asked_ == 0 || is_stopping_) return std::nullopt;
    // After a reconnect everything may be a redelivery, that the owner takes one by one.
    const auto room = std::bit_floor(kReadyBytesMax /
                                     std::clamp(message_bytes_, kMessageBytesMin, kReadyBytesMax));
    const auto target = static_cast<std::uint16_t>(
        is_fresh_ ? 1 : std::min({std::bit_ceil(asked_), room, kPrefetchMax}));
    const bool is_needed = is_waiting_ && ready_.empty();
    const bool is_exhausted = unacked_.count_from(first_tag_) >= prefetch_;
    if (is_needed && is_exhausted) return target;
    if (prefetch_ == 0) return std::nullopt;
    const bool asks_one_by_one = asked_ == 1 && prefetch_ > 1;
    if (asks_one_by_one || ready_bytes_ > kReadyBytesMax)
        return static_cast<std::uint16_t>(is_needed ? target : 0);
    if (prefetch_ < target) return target;
    return std::nullopt;
}

void AmqpConsumer::forget_intake() {
    prefetch_ = 0;
    incoming_.clear();
    const base::lock_guard lock(mutex_);
    unacked_.connection_lost();
    redelivered_.clear();
    settlements_.clear();
    ready_.clear();
    ready_bytes_ = 0;
    is_fresh_ = true;
}

void AmqpConsumer::serve_outlet() {
    Receiver nobody;
    if (Connection* connection = outlet_.connect()) {
        auto served = connection->pump(nobody);
        if (served) served = send_replies(*connection);
        if (outlet_.check(served)) outlet_.set_trouble(connection->blocked());
    }
    serve_dead_letter();
}

Expected<void> AmqpConsumer::send_replies(Connection& connection) {
    while (connection.blocked().empty() && connection.writable()) {
        ReplyMessage message;
        {
            const base::lock_guard lock(mutex_);
            if (replies_.empty()) break;
            message = std::move(replies_.front());
            replies_.pop_front();
            replies_bytes_ -= message.bytes.size();
            if (waits_for_room_) changed_.notify_all();
        }
        const auto sent =
            connection.publish(kReplyChannel, {.routing_key = message.reply_to,
                                               .bytes = message.bytes,
                                               .correlation_id = message.correlation_id,
                                               .persistent = false});
        // Nobody can have asked for an answer there.
        if (!sent && sent.error().kind != ErrorKind::permanent)
            return std::unexpected(sent.error());
    }
    return {};
}

void AmqpConsumer::serve_dead_letter() {
    Connection* connection = outlet_.connection();
    DeadLetter* letter = nullptr;
    {
        const base::lock_guard lock(mutex_);
        if (connection == nullptr || dead_letter_ == nullptr || dead_letter_->result) return;
        letter = dead_letter_;
        letter->is_under_way = true;
    }
    const std::string redeliveries = std::to_string(letter->redeliveries);
    const std::array headers{Header{.name = kReasonHeader, .value = letter->reason},
                             Header{.name = kQueueHeader, .value = queue_},
                             Header{.name = kRedeliveriesHeader, .value = redeliveries}};
    const std::string id = base::Uuid::make_v7(base::Time::now()).to_string();
    const Outgoing message{.exchange = kDeadExchange,
                           .routing_key = queue_,
                           .bytes = letter->bytes,
                           .message_id = id,
                           .headers = headers,
                           .mandatory = true};
    const auto refused =
        publish_confirmed(*connection, kConfirmedChannel, std::span(&message, 1), letter->deadline);
    Expected<void> published;
    if (!refused) {
        outlet_.lose(refused.error());
        published = std::unexpected(refused.error());
    } else if (!refused->empty()) {
        published = std::unexpected(
            ports::Error{ErrorKind::retryable, "rabbitmq: a queue of dead letters is full"});
    } else {
        dead_.add();
    }
    const base::lock_guard lock(mutex_);
    letter->result = std::move(published);
    changed_.notify_all();
}

}  // namespace stockroom::bus_amqp
