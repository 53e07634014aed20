#include "hearing.hpp"

#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>

#include "stockroom/contract/events.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::gateway {

namespace {

using What = Heard::What;

/// A message that cannot be read may have said anything.
Heard unreadable(std::string_view reason) {
    telemetry::log(telemetry::LogLevel::error, "a message of events cannot be read",
                   {{"reason", reason}});
    return {.what = What::gap};
}

Heard read(std::string_view type, std::string_view bytes) {
    const auto events = contract::decode_events(bytes);
    if (!events) return unreadable(events.error());
    if (events->empty()) return unreadable("it is empty");
    Heard heard{.what = type == contract::kHeartbeatType ? What::heartbeat : What::events,
                .first = events->front().position,
                .last = events->back().position};
    if (heard.what == What::heartbeat) {
        heard.at = events->back().at;
        return heard;
    }
    std::int64_t position = heard.first;
    for (const contract::CloudEvent& event : *events) {
        if (event.position != position++) return unreadable("its positions have a gap");
        std::ranges::move(keys_of(event), std::back_inserter(heard.changed));
    }
    return heard;
}

}  // namespace

Hearing::Hearing(boost::asio::io_context& context, Deliver deliver, std::size_t keys_max)
    : context_(context), deliver_(std::move(deliver)), keys_max_(keys_max) {}

void Hearing::on_events(std::string_view type, std::string_view bytes) {
    add(read(type, bytes));
}

void Hearing::on_gap() {
    add({.what = What::gap});
}

void Hearing::close() {
    const base::lock_guard lock(mutex_);
    closed_ = true;
    heard_.clear();
}

void Hearing::add(Heard heard) {
    const base::lock_guard lock(mutex_);
    if (closed_) return;
    // Each counts for itself, too: heartbeats have no keys.
    keys_ += 1 + heard.changed.size();
    if (keys_ > keys_max_) {
        heard_.clear();
        keys_ = 1;
        heard = {.what = What::gap};
    }
    heard_.push_back(std::move(heard));
    if (std::exchange(posted_, true)) return;
    boost::asio::post(context_, [self = shared_from_this()] { self->empty(); });
}

void Hearing::empty() {
    std::vector<Heard> heard;
    {
        const base::lock_guard lock(mutex_);
        posted_ = false;
        keys_ = 0;
        if (closed_) return;
        heard.swap(heard_);
    }
    deliver_(heard);
}

}  // namespace stockroom::gateway
