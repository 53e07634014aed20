#include "stockroom/relay/relay.hpp"

#include <algorithm>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/events.hpp"
#include "stockroom/telemetry/log.hpp"

#include "messages.hpp"
#include "read_size.hpp"
#include "refusals.hpp"

namespace stockroom::relay {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using telemetry::LogLevel;

constexpr std::chrono::minutes kTellRefusedEvery{1};

microseconds age_of(const ports::LoggedEvent& logged) {
    const auto age = base::Time::now().microseconds() - logged.event.at.microseconds();
    return microseconds(std::max<std::int64_t>(age, 0));  // the store's clock may be ahead
}

/// Publishing past a gap would lose for good what is in it.
void check_order(const std::vector<ports::LoggedEvent>& events, std::int64_t after) {
    for (const auto& logged : events)
        CHECK(logged.position == ++after, "the log's positions have no gap");
}

std::size_t bytes_of(std::span<const ports::EventMessage> messages) {
    std::size_t bytes = 0;
    for (const auto& message : messages)
        bytes += message.bytes.size();
    return bytes;
}

}  // namespace

Relay::Relay(RelayOptions options, ports::EventPublisher& publisher, ports::RelayLog& log,
             telemetry::Metrics& metrics)
    : options_(std::move(options)),
      publisher_(publisher),
      log_(log),
      failing_max_(options_.failing_max),
      read_size_(std::make_unique<ReadSize>(
          ReadSize::Limits{.events_max = options_.events_max, .bytes_max = options_.bytes_max})),
      refusals_(std::make_unique<Refusals>(Refusals::Limits{.patience = options_.refusals_patience,
                                                            .memory = options_.refusals_memory})),
      sure_(std::make_unique<SurePosition>(options_.settling)),
      events_total_(
          metrics.counter("stockroom_relay_events_total", "Events published, repeats included")),
      messages_total_(metrics.counter("stockroom_relay_messages_total",
                                      "Messages of events published, repeats included")),
      refused_events_total_(
          metrics.counter("stockroom_relay_refused_events_total",
                          "Events that a queue did not take, and that count as published")),
      publish_seconds_(metrics.histogram(
          "stockroom_relay_publish_seconds",
          "Publishing what was read at once, until the bus has confirmed all of it",
          telemetry::duration_buckets())),
      leader_(metrics.gauge("stockroom_relay_leader", "1 while this relay has the lead")),
      lag_positions_(metrics.gauge("stockroom_relay_lag_positions",
                                   "Committed events that are not published yet; 0 of a standby")),
      lag_seconds_(
          metrics.gauge("stockroom_relay_lag_seconds",
                        "Age of the oldest event that is not published yet; 0 without one, "
                        "and of a standby")) {}

Relay::~Relay() = default;

milliseconds Relay::step() {
    if (const auto left = chance_until_ - now(); left.count() > 0)
        return std::chrono::ceil<milliseconds>(left);
    const bool led = leads_;
    const auto rest = led ? relay() : ask_for_lead();
    if (!rest) return back_off(rest.error());
    if (led || !leads_) recover();  // who just got the lead has relayed nothing yet
    return *rest;
}

Relay::Result<milliseconds> Relay::ask_for_lead() {
    const auto lead = log_.take_lead();
    if (!lead) return std::unexpected(lead.error());
    if (!*lead) {
        show_lag(0, {});
        return options_.lead_interval;
    }
    const auto position = log_.position();
    if (!position) return std::unexpected(position.error());

    telemetry::log(LogLevel::info, "this relay has the lead", {{"position", *position}});
    leads_ = true;
    leader_.set(1);
    published_ = saved_ = *position;
    sure_->begin_at(*position);
    save_due_ = heartbeat_due_ = now();
    return milliseconds(0);
}

Relay::Result<milliseconds> Relay::relay() {
    const auto begin = now();
    if (sure_->get() - saved_ >= options_.unsaved_max || begin >= save_due_) {
        if (auto saved = save(); !saved) return std::unexpected(saved.error());
    }

    const auto looked_at = base::Time::now();
    lead_until_ = base::in(options_.lead_time_max);
    const std::size_t asked = read_size_->get();
    auto events = log_.events_after(published_, asked);
    if (!events) {
        read_size_->failed();
        return store_failed(std::move(events.error()));
    }
    check_order(*events, published_);
    const bool is_all = events->size() < asked;
    const auto head = find_head(*events, is_all);
    if (!head) return std::unexpected(head.error());

    if (!events->empty()) {
        show_lag(*head - published_, age_of(events->front()));
        const auto newest = age_of(events->back());
        if (auto published = publish(std::move(*events)); !published)
            return std::unexpected(published.error());
        show_lag(*head - published_, is_all ? microseconds(0) : newest);
    } else {
        show_lag(0, {});
    }

    // What publishing took may have left others waiting.
    const auto end = now();
    if (is_all && end >= heartbeat_due_ && end - begin < options_.heartbeat_interval / 2) {
        if (auto said = publish_heartbeat(looked_at); !said) return std::unexpected(said.error());
    }
    return is_all ? options_.poll_interval : milliseconds(0);
}

Relay::Result<std::int64_t> Relay::find_head(const std::vector<ports::LoggedEvent>& events,
                                             bool is_all) {
    if (events.empty()) return published_;
    if (is_all) return events.back().position;
    auto head = log_.log_head();
    if (!head) return store_failed(std::move(head.error()));
    return *head;
}

Relay::Result<void> Relay::publish(std::vector<ports::LoggedEvent> events) {
    const std::size_t count = events.size();
    const auto last = events.back().position;
    const auto messages = to_messages(std::move(events));
    const auto begin = now();
    const auto taken = publish(messages);
    if (!taken) return std::unexpected(taken.error());
    const bool is_refused = taken->refused > 0;
    if (!refusals_->counts(is_refused, now()))
        return std::unexpected(ports::Error{
            ports::ErrorKind::retryable,
            "a queue that is bound to stockroom.events does not take events, trying again"});
    if (is_refused) tell_refused(taken->refused);
    sure_->published(last, is_refused, now());
    publish_seconds_.observe(std::chrono::duration<double>(now() - begin).count());
    events_total_.add(static_cast<double>(count));
    messages_total_.add(static_cast<double>(messages.size()));
    read_size_->published(count, bytes_of(messages));
    published_ = last;
    return {};
}

Relay::Result<void> Relay::publish_heartbeat(base::Time looked_at) {
    const auto heartbeat = contract::make_heartbeat(published_, looked_at);
    const ports::EventMessage message{.type = heartbeat.type,
                                      .first = published_,
                                      .last = published_,
                                      .bytes = contract::encode_events({&heartbeat, 1})};
    if (const auto said = publish({&message, 1}); !said) return std::unexpected(said.error());
    heartbeat_due_ = now() + options_.heartbeat_interval;
    sure_->published(published_, false, now());  // who refuses this one will hear the next
    return {};
}

Relay::Result<ports::EventsTaken> Relay::publish(std::span<const ports::EventMessage> messages) {
    const auto begin = now();
    const auto deadline = std::min(base::in(options_.publish_time_max), lead_until_);
    auto taken = publisher_.publish(messages, deadline);
    if (!taken) {
        read_size_->failed();
        go_back();
        count_failing(begin);
        return taken;
    }
    failing_since_.reset();
    failing_max_ = options_.failing_max;
    return taken;
}

void Relay::count_failing(base::Deadline since) {
    if (!failing_since_) failing_since_ = since;
    if (now() - *failing_since_ < failing_max_) return;
    telemetry::log(LogLevel::warning, "this relay cannot publish, and gives up the lead");
    log_.give_up_lead();
    lose_lead();
    failing_max_ = std::min(2 * failing_max_, options_.failing_max_max);
    chance_until_ = now() + options_.chance_time;
}

void Relay::go_back() {
    refusals_->forget();
    published_ = sure_->get();
    sure_->begin_at(published_);
}

void Relay::tell_refused(std::int64_t events) {
    refused_events_total_.add(static_cast<double>(events));
    refused_untold_ += events;
    if (now() < refused_due_) return;
    refused_due_ = now() + kTellRefusedEvery;
    telemetry::log(LogLevel::warning,
                   "a queue that is bound to stockroom.events takes no more events: it misses them",
                   {{"events", std::exchange(refused_untold_, 0)}});
}

Relay::Result<void> Relay::save() {
    const auto position = sure_->get();
    if (saved_ == position) return {};
    save_due_ = now() + options_.save_interval;
    if (auto saved = log_.save_position(position); !saved)
        return store_failed(std::move(saved.error()));
    saved_ = position;
    return {};
}

void Relay::finish() {
    if (!leads_) return;
    if (auto saved = save(); !saved)
        telemetry::log(LogLevel::warning, "the relay's position was not saved at the end",
                       {{"detail", saved.error().detail}});
}

std::unexpected<ports::Error> Relay::store_failed(ports::Error error) {
    lose_lead();  // the log keeps it through no error
    return std::unexpected(std::move(error));
}

void Relay::lose_lead() {
    leads_ = false;
    leader_.set(0);
    failing_since_.reset();
}

milliseconds Relay::back_off(const ports::Error& error) {
    const auto doublings = std::min(failures_++, 16U);
    {
        const base::lock_guard lock(mutex_);
        if (trouble_ != error.detail)
            telemetry::log(LogLevel::warning, "the relay is in trouble",
                           {{"detail", error.detail}, {"leads", leads_}});
        trouble_ = error.detail;
    }
    return std::min(options_.backoff_max, options_.backoff_min * (1 << doublings));
}

void Relay::recover() {
    if (std::exchange(failures_, 0) == 0) return;
    telemetry::log(LogLevel::info, "the trouble is over", {{"leads", leads_}});
    const base::lock_guard lock(mutex_);
    trouble_.clear();
}

void Relay::show_lag(std::int64_t positions, microseconds age) {
    lag_positions_.set(static_cast<double>(positions));
    lag_seconds_.set(std::chrono::duration<double>(age).count());
}

std::string Relay::trouble() const {
    const base::lock_guard lock(mutex_);
    return trouble_;
}

}  // namespace stockroom::relay
