#include "asker.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "topology.hpp"

namespace stockroom::bus_amqp {

namespace {

using std::chrono::milliseconds;

constexpr Channel kChannel = 1;
/// Where answers come without a queue (rabbitmq.com, "Direct Reply-to"): on the same channel only.
constexpr std::string_view kReplyTo = "amq.rabbitmq.reply-to";
constexpr std::size_t kQuestionsMax = 10'000;
/// A broker that is away for longer is not waited for any more.
constexpr milliseconds kAwayAfter{1'000};
/// RabbitMQ refuses an expiration of more than 2^32 - 1 ms.
constexpr milliseconds kExpirationMax{24 * 3'600'000};
constexpr milliseconds kStopMax{1'500};

Expected<void> set_up(Connection& connection) {
    // Every gateway declares it, so that a question to a queue nobody has is returned.
    if (auto declared = connection.declare_exchange(kClassicExchange, "direct"); !declared)
        return declared;
    return connection.consume(kChannel, kReplyTo, "answers", Connection::Acks::none, 0);
}

base::Deadline now() {
    return std::chrono::steady_clock::now();
}

std::unexpected<ports::Error> in_the_way(std::string why) {
    return std::unexpected(ports::Error{ports::ErrorKind::retryable, std::move(why)});
}

std::uint64_t number_of(const std::string& correlation_id) {
    std::uint64_t number = 0;
    (void)std::from_chars(correlation_id.data(), correlation_id.data() + correlation_id.size(),
                          number);
    return number;
}

}  // namespace

AmqpAsker::AmqpAsker(std::shared_ptr<AmqpBus::Shared> shared)
    : shared_(std::move(shared)),
      link_(shared_, "asker", set_up),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

AmqpAsker::~AmqpAsker() {
    thread_.request_stop();
    link_.end_at(base::in(kStopMax));
    wakeup_.wake();
    thread_.join();
}

void AmqpAsker::ask(std::string_view queue, std::string bytes, base::Deadline deadline,
                    ports::AnswerHandler done) {
    {
        const base::lock_guard lock(mutex_);
        if (inbox_.size() + waiting_ < kQuestionsMax) {
            inbox_.push_back({std::string(queue), std::move(bytes), deadline, std::move(done)});
            if (inbox_.size() == 1) wakeup_.wake();
            return;
        }
    }
    done(in_the_way("rabbitmq: too many questions wait for their answers"));
}

void AmqpAsker::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        take_inbox();
        if (Connection* connection = link_.connect()) exchange(*connection);
        refuse_if_away();
        auto next = expire(now());
        std::vector<Connection*> connections;
        if (link_.connection() != nullptr) {
            connections.push_back(link_.connection());
        } else {
            next = std::min(next, link_.retry_at());
        }
        wait_for(connections, wakeup_, next);
    }
    link_.close();
}

void AmqpAsker::take_inbox() {
    std::vector<Question> inbox;
    {
        const base::lock_guard lock(mutex_);
        inbox.swap(inbox_);
        waiting_ = questions_.size() + inbox.size();
    }
    for (Question& question : inbox) {
        unsent_.insert(unsent_.end(), ++last_);
        deadlines_.emplace(question.deadline, last_);
        questions_.emplace_hint(questions_.end(), last_, std::move(question));
    }
}

void AmqpAsker::exchange(Connection& connection) {
    auto exchanged = connection.pump(*this);
    if (exchanged) exchanged = send(connection);
    if (exchanged) return link_.set_trouble(connection.blocked());
    link_.lose(exchanged.error());
    connection_lost(exchanged.error().detail);
}

Expected<void> AmqpAsker::send(Connection& connection) {
    while (!unsent_.empty() && connection.blocked().empty() && connection.writable()) {
        // Whatever becomes of it now, it may be on its way.
        const Number number = unsent_.extract(unsent_.begin()).value();
        Question& question = questions_.at(number);
        const std::string bytes = std::exchange(question.bytes, {});
        const std::string correlation_id = std::to_string(number);
        const auto left = std::chrono::ceil<milliseconds>(question.deadline - now());
        const auto sent = connection.publish(
            kChannel, {.exchange = kClassicExchange,
                       .routing_key = question.queue,
                       .bytes = bytes,
                       .reply_to = kReplyTo,
                       .correlation_id = correlation_id,
                       .expiration = std::clamp(left, milliseconds{1}, kExpirationMax),
                       .mandatory = true,
                       .persistent = false});
        if (!sent) return std::unexpected(sent.error());
    }
    return {};
}

void AmqpAsker::refuse_if_away() {
    const Connection* connection = link_.connection();
    const bool is_blocked = connection != nullptr && !connection->blocked().empty();
    const bool is_away = connection == nullptr && link_.away_since() + kAwayAfter <= now();
    if (!is_blocked && !is_away) return;
    const std::string why = is_blocked ? connection->blocked() : shared_->why_away();
    for (const Number number : std::exchange(unsent_, {}))
        finish(number, in_the_way(why));
}

void AmqpAsker::connection_lost(const std::string& why) {
    std::vector<Number> sent;
    for (const auto& [number, question] : questions_)
        if (!unsent_.contains(number)) sent.push_back(number);
    for (const Number number : sent)
        finish(number, in_the_way(why));
}

base::Deadline AmqpAsker::expire(base::Deadline now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const Number number = deadlines_.begin()->second;
        deadlines_.erase(deadlines_.begin());
        questions_.erase(number);
        unsent_.erase(number);
    }
    return deadlines_.empty() ? base::Deadline::max() : deadlines_.begin()->first;
}

void AmqpAsker::finish(Number number, std::expected<std::string, ports::Error> answer) {
    auto question = questions_.extract(number);
    // It came twice, or too late.
    if (question.empty()) return;
    deadlines_.erase({question.mapped().deadline, number});
    if (question.mapped().deadline > now()) question.mapped().done(std::move(answer));
}

void AmqpAsker::on_message(Channel /*channel*/, Incoming message) {
    finish(number_of(message.correlation_id), std::move(message.bytes));
}

void AmqpAsker::on_return(Incoming message, std::string_view reason) {
    finish(number_of(message.correlation_id),
           in_the_way(fmt::format("rabbitmq: {}: {}", reason, message.routing_key)));
}

}  // namespace stockroom::bus_amqp
