#include "work.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "stockroom/base/time.hpp"
#include "stockroom/contract/classic.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/telemetry/log.hpp"

#include "sending.hpp"

namespace stockroom::ingress {

namespace {

using ports::Published;
using std::chrono::milliseconds;

constexpr std::size_t kMessagesMax = 256;  // taken at once
/// How long one take waits; only how often an idle ingress looks around.
constexpr std::chrono::seconds kTakeWait{10};
/// For the answers before it to be sent.
constexpr std::chrono::seconds kAnswerWait{5};
constexpr milliseconds kBackoffMin{20};
constexpr milliseconds kBackoffMax{1'000};
/// A log line shows so much of a message; the dead letter has all of it.
constexpr std::size_t kLoggedBytesMax = 2'000;

/// A message that has an id of its own is the same command each time it comes. Another body under
/// the id is another command: nobody knows whether its sender keeps ids apart.
base::Uuid command_id(std::string_view queue, const ports::Delivery& delivery) {
    if (delivery.message_id.empty()) return base::Uuid::make_v7(base::Time::now());
    const std::array<std::string_view, 4> parts{kActor, queue, delivery.message_id, delivery.bytes};
    return base::Uuid::make_v8(parts);
}

telemetry::Counter count(telemetry::Metrics& metrics, std::string_view queue,
                         std::string_view result) {
    return metrics.counter("stockroom_classic_messages_total",
                           "Messages of a classic queue, by what became of them",
                           {{"queue", queue}, {"result", result}});
}

}  // namespace

Work::Work(const std::string& queue, const Meaning& meaning, const Ingress::Ways& ways,
           OnTrouble on_trouble)
    : queue_(queue),
      meaning_(meaning),
      on_trouble_(std::move(on_trouble)),
      consumer_(ways.classic.make_classic_consumer(queue)),
      publisher_(ways.bus.make_publisher(nullptr)),
      sent_(count(ways.metrics, queue, "sent")),
      answered_(count(ways.metrics, queue, "answered")),
      dead_(count(ways.metrics, queue, "dead")) {}

void Work::run(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { consumer_->interrupt(); });
    while (!stop.stop_requested()) {
        const auto taken = consumer_->take(kMessagesMax, base::in(kTakeWait));
        if (taken) {
            work_off(stop, *taken);
        } else {
            back_off(stop, taken.error().detail);
        }
    }
}

void Work::work_off(const std::stop_token& stop, Deliveries taken) {
    if (const auto* translate = std::get_if<Translate>(&meaning_)) {
        send_wishes(stop, *translate, taken);
    } else {
        answer_all(stop, std::get<Answer>(meaning_), taken);
    }
}

void Work::send_wishes(const std::stop_token& stop, const Translate& translate, Deliveries taken) {
    std::vector<Wish> wishes;
    for (const ports::Delivery& delivery : taken) {
        auto body = translate(delivery.bytes);
        if (!body) {
            set_aside(delivery, body.error());
            continue;
        }
        const domain::Command command{.id = command_id(queue_, delivery),
                                      .actor = std::string(kActor),
                                      .at = std::nullopt,
                                      .body = *std::move(body)};
        wishes.push_back({.delivery = &delivery,
                          .id = command.id,
                          .queue = contract::queue_of(command.kind()),
                          .bytes = contract::encode_command(command)});
    }
    while (!wishes.empty()) {
        wishes = send(stop, std::move(wishes));
        if (wishes.empty()) return recover();
        const std::string queue(wishes.front().queue);
        if (stop.stop_requested() || !back_off(stop, queue + " does not take commands")) break;
    }
    for (const Wish& wish : wishes)
        give_back(*wish.delivery);
}

auto Work::send(const std::stop_token& stop, std::vector<Wish> wishes) -> std::vector<Wish> {
    const auto sending = std::make_shared<Sending>(wishes.size());
    for (std::size_t i = 0; i < wishes.size(); ++i)
        publisher_->publish(wishes[i].queue, wishes[i].id, wishes[i].bytes, false,
                            [sending, i](Published what) { sending->put(i, what); });
    const auto told = sending->wait(stop);
    if (!told) return wishes;
    std::vector<Wish> again;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
        const bool has_arrived = (*told)[i] == Published::durable || (*told)[i] == Published::dead;
        if (!has_arrived) {
            again.push_back(std::move(wishes[i]));
            continue;
        }
        sent_.add();
        reply(*wishes[i].delivery, contract::classic_message(queue_));
        ack(*wishes[i].delivery);
    }
    return again;
}

void Work::answer_all(const std::stop_token& stop, const Answer& answer, Deliveries taken) {
    const bool is_asked = std::ranges::any_of(
        taken, [](const ports::Delivery& delivery) { return !delivery.reply_to.empty(); });
    std::expected<std::string, ports::Error> answered;
    if (is_asked) answered = answer();
    for (const ports::Delivery& delivery : taken) {
        if (answered && !stop.stop_requested()) {
            reply(delivery, *answered);
            ack(delivery);
        } else if (answered || answered.error().kind != ports::ErrorKind::permanent) {
            give_back(delivery);
        } else {
            set_aside(delivery, answered.error().detail);
        }
    }
    if (answered) {
        answered_.add(static_cast<double>(taken.size()));
        recover();
    } else {
        back_off(stop, answered.error().detail);
    }
}

void Work::reply(const ports::Delivery& delivery, std::string_view bytes) {
    if (delivery.reply_to.empty()) return;
    // Whoever is not answered asks again.
    (void)consumer_->answer({.reply_to = delivery.reply_to,
                             .bytes = std::string(bytes),
                             .correlation_id = delivery.correlation_id},
                            base::in(kAnswerWait));
}

void Work::set_aside(const ports::Delivery& delivery, const std::string& reason) {
    telemetry::log(telemetry::LogLevel::warning, "a message became a dead letter",
                   {{"queue", queue_},
                    {"reason", reason},
                    {"body", std::string_view(delivery.bytes).substr(0, kLoggedBytesMax)}});
    if (const auto set = consumer_->dead_letter(delivery.tag, delivery.bytes, reason); !set)
        return give_back(delivery);
    dead_.add();
    ack(delivery);
}

void Work::ack(const ports::Delivery& delivery) {
    // What cannot be acked came on a connection that is lost: it is delivered again.
    (void)consumer_->ack(std::span(&delivery.tag, 1));
}

void Work::give_back(const ports::Delivery& delivery) {
    (void)consumer_->give_back(std::span(&delivery.tag, 1));
}

bool Work::back_off(const std::stop_token& stop, const std::string& why) {
    if (++failures_ >= 2) on_trouble_(why);
    const auto doublings = std::min(failures_ - 1, 20U);
    const auto longest = std::min(kBackoffMax, kBackoffMin * (std::int64_t{1} << doublings));
    std::uniform_int_distribution<std::int64_t> jitter(longest.count() / 2, longest.count());
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, milliseconds(jitter(random_)), [] { return false; });
    return !stop.stop_requested();
}

void Work::recover() {
    if (std::exchange(failures_, 0) >= 2) on_trouble_("");
}

}  // namespace stockroom::ingress
