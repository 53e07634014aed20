#include "pinger.hpp"

#include <iterator>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stockroom/contract/codec.hpp"

namespace stockroom::health {

namespace asio = boost::asio;

namespace {

/// An answer that has not come by then never will.
constexpr std::chrono::minutes kForgottenAfter{10};

domain::Command make_ping(base::Time now) {
    return {.id = base::Uuid::make_v7(now),
            .actor = "system:health",
            .at = now,
            .body = domain::Ping{}};
}

}  // namespace

Pinger::Pinger(ports::Bus& bus, asio::io_context& context) : context_(context) {
    publisher_ = bus.make_publisher([this](std::vector<std::string> replies) {
        asio::post(context_, [this, told = std::move(replies)] { note_answers(told); });
    });
}

// First the publisher: it calls back until it is gone.
Pinger::~Pinger() {
    publisher_.reset();
}

bool Pinger::may_send(const Waiting& waiting) {
    return waiting.count < kUnansweredMax || Clock::now() - waiting.last_sent >= kRetry;
}

bool Pinger::is_over(const Ping& ping) {
    if (ping.round_trip) return true;
    const bool wants_answer = ping.way.second;
    return ping.published && (!wants_answer || *ping.published != ports::Published::durable);
}

asio::awaitable<Pinged> Pinger::ping(std::string queue, bool wants_answer,
                                     base::Deadline deadline) {
    forget_old();
    asio::steady_timer waiter(context_, deadline);
    const Way way(queue, wants_answer);
    Waiting& waiting = waiting_[way];
    Pinged pinged{.was_sent = may_send(waiting)};
    base::Uuid id;
    if (pinged.was_sent) {
        const domain::Command command = make_ping(base::Time::now());
        id = command.id;
        waiting.last_sent = Clock::now();
        ++waiting.count;
        pings_.emplace(id, Ping{.way = way, .sent_at = waiting.last_sent, .waiter = &waiter});
        publisher_->publish(queue, id, contract::encode_command(command), wants_answer,
                            [this, id](ports::Published what) {
                                asio::post(context_,
                                           [this, id, what] { note_published(id, what); });
                            });
    }
    while (Clock::now() < deadline) {
        (void)co_await waiter.async_wait(asio::as_tuple(asio::use_awaitable));
        const auto ping = pings_.find(id);
        if (ping != pings_.end() && is_over(ping->second)) break;
        waiter.expires_at(deadline);
    }
    pinged.late = std::exchange(waiting.late, std::nullopt);
    if (const auto ping = pings_.find(id); ping != pings_.end()) {
        pinged.published = ping->second.published;
        pinged.round_trip = ping->second.round_trip;
        ping->second.waiter = nullptr;
        if (is_over(ping->second)) forget(ping);
    }
    co_return pinged;
}

void Pinger::note_published(const base::Uuid& id, ports::Published what) {
    if (what == ports::Published::unavailable || what == ports::Published::unknown)
        forget_all_waited_for_in_vain();
    const auto ping = pings_.find(id);
    if (ping == pings_.end()) return;
    ping->second.published = what;
    if (ping->second.waiter != nullptr) {
        ping->second.waiter->cancel();
    } else if (is_over(ping->second)) {
        forget(ping);
    }
}

void Pinger::forget_all_waited_for_in_vain() {
    for (auto ping = pings_.begin(); ping != pings_.end();) {
        const auto next = std::next(ping);
        if (ping->second.waiter == nullptr) forget(ping);
        ping = next;
    }
}

void Pinger::note_answers(const std::vector<std::string>& replies) {
    for (const std::string& bytes : replies) {
        for (const auto& read : contract::decode_outcomes(bytes)) {
            const auto ping = read ? pings_.find(read->id) : pings_.end();
            if (ping == pings_.end()) continue;
            const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
                Clock::now() - ping->second.sent_at);
            if (ping->second.waiter != nullptr) {
                ping->second.round_trip = took;
                ping->second.waiter->cancel();
            } else {
                waiting_[ping->second.way].late = took;
                forget(ping);
            }
        }
    }
}

void Pinger::forget(std::map<base::Uuid, Ping>::iterator ping) {
    --waiting_[ping->second.way].count;
    pings_.erase(ping);
}

void Pinger::forget_old() {
    while (!pings_.empty() && pings_.begin()->second.waiter == nullptr &&
           Clock::now() - pings_.begin()->second.sent_at > kForgottenAfter)
        forget(pings_.begin());
}

}  // namespace stockroom::health
