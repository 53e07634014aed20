#include "event_publisher.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stockroom/contract/events.hpp"

#include "topology.hpp"

namespace stockroom::bus_amqp {

namespace {

using std::chrono::milliseconds;

constexpr Channel kChannel = 1;
/// A broker that is away for longer is not waited for.
constexpr milliseconds kAwayMax{500};
constexpr milliseconds kStopMax{1'500};

/// In their order, confirmed.
Expected<ports::EventsTaken> publish_events(Connection& connection,
                                            std::span<const ports::EventMessage> messages,
                                            base::Deadline deadline) {
    std::vector<std::string> ids;
    ids.reserve(messages.size());
    std::vector<Outgoing> outgoing;
    outgoing.reserve(messages.size());
    for (const auto& message : messages) {
        ids.push_back(fmt::format("{}-{}", message.first, message.last));
        outgoing.push_back({.exchange = kEventsExchange,
                            .routing_key = message.type,
                            .bytes = message.bytes,
                            .content_type = contract::kEventsContentType,
                            .message_id = ids.back(),
                            .type = message.type});
    }
    const auto refused = publish_confirmed(connection, kChannel, outgoing, deadline);
    if (!refused) return std::unexpected(refused.error());
    ports::EventsTaken taken;
    for (const std::size_t which : *refused)
        taken.refused += messages[which].last - messages[which].first + 1;
    return taken;
}

}  // namespace

AmqpEventPublisher::AmqpEventPublisher(std::shared_ptr<AmqpBus::Shared> shared)
    : shared_(std::move(shared)),
      link_(shared_, "event publisher",
            [](Connection& connection) { return connection.select_confirms(kChannel); }),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

AmqpEventPublisher::~AmqpEventPublisher() {
    thread_.request_stop();
    link_.end_at(base::in(kStopMax));
    wakeup_.wake();
    thread_.join();
}

std::expected<ports::EventsTaken, ports::Error> AmqpEventPublisher::publish(
    std::span<const ports::EventMessage> messages, base::Deadline deadline) {
    Job job{.messages = messages, .deadline = deadline};
    const auto begin_by = std::min(deadline, base::in(kAwayMax));
    const base::lock_guard lock(mutex_);
    job_ = &job;
    wakeup_.wake();
    bool in_time = true;
    while (!job.result && (in_time || job.is_under_way)) {
        if (in_time) {
            in_time = changed_.wait_until(mutex_, begin_by);
        } else {
            changed_.wait(mutex_);  // what is under way keeps the deadline
        }
    }
    job_ = nullptr;
    if (job.result) return *std::move(job.result);
    return std::unexpected(ports::Error{ports::ErrorKind::retryable, shared_->why_away()});
}

void AmqpEventPublisher::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        if (Connection* connection = link_.connect()) serve(*connection);
        std::vector<Connection*> connections;
        if (link_.connection() != nullptr) connections.push_back(link_.connection());
        wait_for(connections, wakeup_,
                 connections.empty() ? link_.retry_at() : base::Deadline::max());
    }
    link_.close();
}

void AmqpEventPublisher::serve(Connection& connection) {
    Receiver nobody;
    if (!link_.check(connection.pump(nobody))) return;
    link_.set_trouble(connection.blocked());
    Job* const job = begin_job();
    if (job == nullptr) return;
    auto published = publish(connection, *job);
    const base::lock_guard lock(mutex_);
    job->result = std::move(published);
    changed_.notify_all();
}

Expected<ports::EventsTaken> AmqpEventPublisher::publish(Connection& connection, const Job& job) {
    if (refused_epoch_ != 0 && refused_epoch_ != link_.epoch()) {
        refused_epoch_ = 0;
        return std::unexpected(
            ports::Error{ports::ErrorKind::retryable,
                         "rabbitmq: the connection was lost on which a queue took no events"});
    }
    auto taken = publish_events(connection, job.messages, job.deadline);
    if (taken && taken->refused > 0) refused_epoch_ = link_.epoch();
    // A broker that takes nothing now would not take more on another connection.
    if (!taken && connection.blocked().empty()) link_.lose(taken.error());
    return taken;
}

AmqpEventPublisher::Job* AmqpEventPublisher::begin_job() {
    const base::lock_guard lock(mutex_);
    if (job_ == nullptr || job_->result) return nullptr;
    job_->is_under_way = true;
    return job_;
}

}  // namespace stockroom::bus_amqp
