#include "link.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "stockroom/telemetry/log.hpp"

#include "topology.hpp"

namespace stockroom::bus_amqp {

namespace {

using std::chrono::milliseconds;
using telemetry::LogLevel;

constexpr milliseconds kPauseMin{20};
constexpr milliseconds kPauseMax{2'000};
/// So many different reasons why it is away are told in the log.
constexpr std::size_t kReasonsMax = 10;
/// A connection that stood so long was a good one: the next may be tried soon.
constexpr std::chrono::seconds kGoodAfter{5};

base::Deadline now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

Link::Link(std::shared_ptr<AmqpBus::Shared> shared, std::string purpose, SetUp set_up)
    : shared_(std::move(shared)),
      purpose_(std::move(purpose)),
      set_up_(std::move(set_up)),
      watch_(shared_->watchdog),
      reconnects_(shared_->metrics.counter("stockroom_bus_reconnects_total",
                                           "Connections to the broker that were lost and made anew",
                                           {{"connection", purpose_}})),
      trouble_id_(shared_->add_trouble(fmt::format("{}: connecting", purpose_))),
      trouble_(fmt::format("{}: connecting", purpose_)),
      away_since_(now()) {}

Link::~Link() {
    close();
    shared_->remove_trouble(trouble_id_);
}

Connection* Link::connect() {
    if (connection_ || now() < retry_at_) return connection_.get();
    auto opened = open();
    if (!opened) {
        plan_retry();
        const std::string& detail = opened.error().detail;
        tell(fmt::format("{}: {}", purpose_, detail));
        // Not every time, but each trouble once: the broker is back, say, and refuses a queue.
        if (logged_.size() < kReasonsMax && logged_.insert(detail).second) {
            const bool is_refused = detail.starts_with("rabbitmq: refused");
            telemetry::log(LogLevel::warning,
                           is_refused ? "RabbitMQ has refused, trying again and again"
                                      : "RabbitMQ cannot be used, trying again and again",
                           {{"connection", purpose_}, {"detail", detail}});
        }
        return nullptr;
    }
    connection_ = *std::move(opened);
    connected_at_ = now();
    if (epoch_++ > 0) reconnects_.add();
    logged_.clear();
    tell("");
    telemetry::log(LogLevel::info, "connected to RabbitMQ", {{"connection", purpose_}});
    return connection_.get();
}

Expected<std::unique_ptr<Connection>> Link::open() {
    auto opened = Connection::open(shared_->endpoint, shared_->options.service, purpose_,
                                   shared_->options.heartbeat, watch_);
    if (!opened) return opened;
    auto ready = declare_topology(**opened, shared_->options.queue_max);
    if (ready) ready = set_up_(**opened);
    if (!ready) return std::unexpected(std::move(ready.error()));
    return opened;
}

void Link::plan_retry() {
    const auto doublings = std::min(failures_++, 20U);
    const auto longest = std::min(kPauseMax, kPauseMin * (std::int64_t{1} << doublings));
    std::uniform_int_distribution<std::int64_t> jitter(longest.count() / 2, longest.count());
    retry_at_ = base::in(milliseconds(jitter(random_)));
}

void Link::lose(const ports::Error& error) {
    if (!connection_) return;
    connection_.reset();
    away_since_ = now();
    if (away_since_ - connected_at_ > kGoodAfter) failures_ = 0;
    plan_retry();
    tell(fmt::format("{}: {}", purpose_, error.detail));
    telemetry::log(LogLevel::warning, "the connection to RabbitMQ is lost, trying again",
                   {{"connection", purpose_}, {"detail", error.detail}});
}

bool Link::check(const Expected<void>& result) {
    if (!result) lose(result.error());
    return result.has_value();
}

void Link::set_trouble(const std::string& trouble) {
    if (!connection_) return;
    std::string told = trouble.empty() ? "" : fmt::format("{}: {}", purpose_, trouble);
    if (told == trouble_) return;
    if (trouble.empty())
        telemetry::log(LogLevel::info, "RabbitMQ takes messages again", {{"connection", purpose_}});
    else
        telemetry::log(LogLevel::warning, "RabbitMQ takes no messages, waiting until it does",
                       {{"connection", purpose_}, {"detail", trouble}});
    tell(std::move(told));
}

void Link::close() {
    connection_.reset();
}

void Link::tell(std::string trouble) {
    if (trouble == trouble_) return;
    trouble_ = std::move(trouble);
    shared_->set_trouble(trouble_id_, trouble_);
}

}  // namespace stockroom::bus_amqp
