#include "publisher.hpp"

#include <algorithm>
#include <array>

#include "stockroom/telemetry/log.hpp"

#include "topology.hpp"

namespace stockroom::bus_amqp {

namespace {

using ports::Published;
using std::chrono::milliseconds;

constexpr Channel kChannel = 1;
/// Where answers come without a queue (rabbitmq.com, "Direct Reply-to"): on the same channel only.
constexpr std::string_view kReplyTo = "amq.rabbitmq.reply-to";
constexpr std::size_t kCommandsWaitingMax = 20'000;
constexpr std::size_t kBytesWaitingMax = 64 * 1024 * 1024;
constexpr std::size_t kCommandBytesMax = 16 * 1024 * 1024;
/// A broker that is away for longer is not waited for any more.
constexpr milliseconds kAwayAfter{1'000};
constexpr milliseconds kDrainMax{1'000};
constexpr milliseconds kStopMax{1'500};

base::Deadline now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

AmqpPublisher::AmqpPublisher(std::shared_ptr<AmqpBus::Shared> shared,
                             ports::ReplyHandler on_replies)
    : shared_(std::move(shared)),
      on_replies_(std::move(on_replies)),
      outbox_({.commands_per_message_max = shared_->options.commands_per_message_max,
               .messages_in_flight_max = shared_->options.messages_in_flight_max}),
      unconfirmed_(shared_->metrics.gauge("stockroom_bus_unconfirmed_messages",
                                          "Messages that were sent and not yet confirmed")),
      sent_(shared_->metrics.counter("stockroom_bus_sent_messages_total",
                                     "Messages with commands that were sent")),
      returned_(shared_->metrics.counter("stockroom_bus_returned_messages_total",
                                         "Messages that no queue was there for")),
      refused_(shared_->metrics.counter("stockroom_bus_refused_messages_total",
                                        "Messages that a full queue did not take")),
      link_(shared_, "publisher", [this](Connection& connection) { return set_up(connection); }),
      thread_([this] { run(); }) {}

AmqpPublisher::~AmqpPublisher() {
    {
        const base::lock_guard lock(mutex_);
        is_stopping_ = true;
        stop_by_ = base::in(kDrainMax);
    }
    link_.end_at(base::in(kStopMax));
    wakeup_.wake();
    thread_.join();
}

void AmqpPublisher::publish(std::string_view queue, const base::Uuid& id, std::string bytes,
                            bool wants_reply, ports::PublishedHandler done) {
    Published refusal = Published::queue_full;
    {
        const base::lock_guard lock(mutex_);
        const bool has_room = bytes.size() <= kCommandBytesMax &&
                              inbox_.size() + commands_waiting_ < kCommandsWaitingMax &&
                              inbox_bytes_ + bytes_waiting_ + bytes.size() <= kBytesWaitingMax;
        if (now() >= refuse_from_) {
            refusal = Published::unavailable;
        } else if (has_room) {
            inbox_bytes_ += bytes.size();
            inbox_.emplace_back(queue, Command{.id = id,
                                               .bytes = std::move(bytes),
                                               .wants_reply = wants_reply && on_replies_ != nullptr,
                                               .done = std::move(done),
                                               .since = now()});
            // Whoever empties it takes all there is.
            if (inbox_.size() == 1) wakeup_.wake();
            return;
        }
    }
    done(refusal);
}

Expected<void> AmqpPublisher::set_up(Connection& connection) {
    if (auto selected = connection.select_confirms(kChannel); !selected) return selected;
    if (!on_replies_) return {};
    return connection.consume(kChannel, kReplyTo, "replies", Connection::Acks::none, 0);
}

void AmqpPublisher::run() {
    while (true) {
        take_inbox();
        if (Connection* connection = link_.connect()) exchange_messages(*connection);
        if (!replies_.empty()) on_replies_(std::exchange(replies_, {}));
        note_state();
        const auto next = outbox_.expire(now());
        if (may_stop()) break;
        std::vector<Connection*> connections;
        if (link_.connection() != nullptr) connections.push_back(link_.connection());
        wait_for(connections, wakeup_,
                 link_.connection() != nullptr ? next : std::min(next, link_.retry_at()));
    }
    outbox_.give_up();
    note_state();
    link_.close();
}

void AmqpPublisher::take_inbox() {
    std::vector<std::pair<std::string, Command>> inbox;
    {
        const base::lock_guard lock(mutex_);
        inbox.swap(inbox_);
        commands_waiting_ = outbox_.commands_waiting() + inbox.size();
        bytes_waiting_ = outbox_.bytes_waiting() + std::exchange(inbox_bytes_, 0);
    }
    for (auto& [queue, command] : inbox)
        outbox_.add(queue, std::move(command));
}

void AmqpPublisher::exchange_messages(Connection& connection) {
    auto pumped = connection.pump(*this);
    if (pumped && is_declaring_) {
        pumped = declare_topology(connection, shared_->options.queue_max);
        is_declaring_ = false;
    }
    if (!link_.check(pumped)) return outbox_.connection_lost();
    const auto stuck = outbox_.stuck_queue(now());
    link_.set_trouble(!connection.blocked().empty() ? connection.blocked()
                      : stuck.empty()               ? ""
                                                    : stuck + " confirms nothing");
    send(connection);
}

void AmqpPublisher::send(Connection& connection) {
    while (connection.blocked().empty() && connection.writable()) {
        auto parcel = outbox_.next(now());
        if (!parcel) return;
        const auto number = send(connection, *parcel);
        if (!number) {
            if (number.error().kind == ports::ErrorKind::permanent) {
                outbox_.refused(*std::move(parcel));
                continue;
            }
            link_.lose(number.error());
            return outbox_.connection_lost(*std::move(parcel));
        }
        sent_.add();
        outbox_.sent(*number, *std::move(parcel));
        if (auto pumped = connection.pump(*this); !pumped) {
            link_.lose(pumped.error());
            return outbox_.connection_lost();
        }
    }
}

Expected<std::uint64_t> AmqpPublisher::send(Connection& connection, const Parcel& parcel) {
    const std::string bytes = bytes_of(parcel);
    // The default exchange knows every queue by its name.
    const auto exchange = is_command_queue(parcel.queue) ? kCommandsExchange : std::string_view();
    return connection.publish(kChannel, {.exchange = exchange,
                                         .routing_key = parcel.queue,
                                         .bytes = bytes,
                                         .message_id = parcel.message_id,
                                         .reply_to = parcel.wants_reply ? kReplyTo : "",
                                         .mandatory = true});
}

void AmqpPublisher::note_state() {
    const auto unconfirmed = static_cast<double>(outbox_.messages_in_flight());
    unconfirmed_.add(unconfirmed - std::exchange(unconfirmed_told_, unconfirmed));
    const Connection* connection = link_.connection();
    auto refuse_from = base::Deadline::max();
    if (connection == nullptr) {
        refuse_from = link_.away_since() + kAwayAfter;
    } else if (!connection->blocked().empty()) {
        refuse_from = base::Deadline::min();
    }
    {
        const base::lock_guard lock(mutex_);
        refuse_from_ = refuse_from;
    }
    // Trying to connect may take longer than those who wait have time.
    if (now() >= refuse_from) outbox_.refuse_waiting();
}

bool AmqpPublisher::may_stop() {
    const base::lock_guard lock(mutex_);
    if (!is_stopping_ || !inbox_.empty()) return false;
    return outbox_.idle() || link_.connection() == nullptr || now() >= stop_by_;
}

void AmqpPublisher::on_message(Channel /*channel*/, Incoming message) {
    replies_.push_back(std::move(message.bytes));
}

void AmqpPublisher::on_return(Incoming message, std::string_view reason) {
    telemetry::log(telemetry::LogLevel::warning, "a message was returned: its queue is not there",
                   {{"queue", message.routing_key}, {"detail", reason}});
    returned_.add();
    outbox_.returned(message.routing_key, message.message_id);
    is_declaring_ = true;
}

void AmqpPublisher::on_confirm(std::uint64_t number, bool multiple, bool taken) {
    if (!taken) refused_.add();
    outbox_.confirmed(number, multiple, taken);
}

}  // namespace stockroom::bus_amqp
