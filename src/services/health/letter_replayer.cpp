#include "letter_replayer.hpp"

#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "stockroom/telemetry/log.hpp"

namespace stockroom::health {

namespace {

using domain::DeadLetter;
using ports::Published;

constexpr std::size_t kLettersMax = 500;  // of one call
constexpr std::size_t kMarkedAtOnce = 50;
constexpr std::size_t kBodyMax = std::size_t{256} * 1024 * 1024;
/// Longer than a bus takes to tell, but for one in memory, which tells when the work is done.
constexpr std::chrono::seconds kTellMax{6};

/// The same replay always is the same message, and another one is another.
base::Uuid message_id(const DeadLetter& letter) {
    const std::string id = letter.id.to_string();
    const std::string version = std::to_string(letter.version);
    const std::array<std::string_view, 3> parts{"replay", id, version};
    return base::Uuid::make_v8(parts);
}

telemetry::Counter count(telemetry::Metrics& metrics, std::string_view result) {
    return metrics.counter("stockroom_dead_letters_replayed_total",
                           "Dead letters sent to their queues again, by what became of that",
                           {{"result", result}});
}

}  // namespace

void LetterReplayer::Sending::put(Published what) {
    const std::lock_guard lock(mutex_);
    what_ = what;
    told_.notify_all();
}

std::optional<Published> LetterReplayer::Sending::wait(const std::stop_token& stop,
                                                       base::Deadline deadline) {
    std::unique_lock lock(mutex_);
    told_.wait_until(lock, stop, deadline, [this] { return what_.has_value(); });
    return what_;
}

LetterReplayer::LetterReplayer(ports::Bus& bus, ports::Store& store, ports::Queries& queries,
                               telemetry::Metrics& metrics)
    : bus_(bus),
      store_(store),
      queries_(queries),
      publisher_(bus.make_publisher(nullptr)),
      sent_(count(metrics, "sent")),
      given_up_(count(metrics, "given_up")) {}

auto LetterReplayer::replay(const std::stop_token& stop) -> Result {
    if (auto marked = set_down(); !marked) return marked;  // what the last call could not
    auto letters = queries_.letters_to_replay(kLettersMax);
    if (!letters) return std::unexpected(std::move(letters.error()));
    if (letters->empty()) attempts_.clear();
    for (const DeadLetter& letter : *letters) {
        if (stop.stop_requested()) break;
        auto told = send(letter, stop);
        if (!told) return std::unexpected(std::move(told.error()));
        if (!*told) continue;
        conclude(letter, **told);
        if (changes_.size() >= kMarkedAtOnce)
            if (auto marked = set_down(); !marked) return marked;
    }
    return set_down();
}

auto LetterReplayer::send(const DeadLetter& letter, const std::stop_token& stop)
    -> std::expected<std::optional<Published>, ports::Error> {
    // One at a time to each queue: what goes together becomes an array.
    if (const auto found = under_way_.find(letter.queue); found != under_way_.end()) {
        if (!found->second->wait(stop, base::Deadline::min())) return std::nullopt;
        under_way_.erase(found);
    }
    auto full = queries_.dead_letter(letter.id, kBodyMax);
    if (!full) return std::unexpected(std::move(full.error()));
    if (!*full || (*full)->version != letter.version) return std::nullopt;
    const auto sending = std::make_shared<Sending>();
    publisher_->publish(letter.queue, message_id(letter), std::move((*full)->bytes), false,
                        [sending](Published what) { sending->put(what); });
    const auto told = sending->wait(stop, base::in(kTellMax));
    if (!told) under_way_.emplace(letter.queue, sending);
    return told;
}

void LetterReplayer::conclude(const DeadLetter& letter, Published what) {
    const auto change = [&](auto end) {
        attempts_.erase(letter.id);
        changes_.push_back({.letter = letter.id, .change = std::move(end)});
    };
    switch (what) {
        case Published::durable:
        case Published::dead:  // once more: it comes back by itself
            sent_.add();
            return change([id = letter.id, version = letter.version](const auto& snapshot) {
                return domain::end_replay(snapshot, id, version);
            });
        case Published::queue_full:
        case Published::unavailable:
            if (!bus_.trouble().empty() || ++attempts_[letter.id] < kAttemptsMax) return;
            given_up_.add();
            return change([id = letter.id, version = letter.version,
                           reason = fmt::format("{} does not take it: it is not there, or full",
                                                letter.queue)](const auto& snapshot) {
                return domain::give_up_replay(snapshot, id, version, reason);
            });
        case Published::unknown:
            return;
    }
}

auto LetterReplayer::set_down() -> Result {
    if (changes_.empty()) return {};
    auto marked = change_letters(store_, changes_);
    if (marked) changes_.clear();
    return marked;
}

}  // namespace stockroom::health
