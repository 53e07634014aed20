#include "outbox.hpp"

#include <algorithm>
#include <utility>

namespace stockroom::bus_amqp {

using ports::Published;

std::string bytes_of(const Parcel& parcel) {
    if (parcel.commands.size() == 1) return parcel.commands.front().bytes;
    std::string bytes;
    for (const Command& command : parcel.commands) {
        bytes += bytes.empty() ? '[' : ',';
        bytes += command.bytes;
    }
    return bytes + ']';
}

void Outbox::add(std::string_view queue, Command command) {
    auto lane = lanes_.find(queue);
    if (lane == lanes_.end()) lane = lanes_.emplace(std::string(queue), Lane{}).first;
    lane->second.bytes += command.bytes.size();
    bytes_waiting_ += command.bytes.size();
    ++commands_waiting_;
    lane->second.waiting.push_back(std::move(command));
}

bool Outbox::is_stuck(const Lane& lane, base::Deadline now) const {
    if (lane.in_flight.empty()) return false;
    return in_flight_.at(*lane.in_flight.begin()).sent + limits_.send_patience <= now;
}

bool Outbox::may_send(const Lane& lane, base::Deadline now) const {
    if (lane.in_flight.empty()) return !lane.again.empty() || !lane.waiting.empty();
    // What is sent to a queue that is stuck would only be in doubt, too.
    if (lane.in_flight.size() >= limits_.messages_in_flight_max || is_stuck(lane, now))
        return false;
    return !lane.again.empty() || lane.waiting.size() >= limits_.commands_per_message_max ||
           lane.bytes >= limits_.message_bytes_max;
}

std::string Outbox::stuck_queue(base::Deadline now) const {
    for (const auto& [queue, lane] : lanes_)
        if (is_stuck(lane, now)) return queue;
    return {};
}

std::optional<Parcel> Outbox::next(base::Deadline now) {
    for (auto& [queue, lane] : lanes_) {
        if (!may_send(lane, now)) continue;
        Parcel parcel;
        if (lane.again.empty()) {
            parcel = pack(queue, lane);
            parcel.first_sent = now;
        } else {
            parcel = std::move(lane.again.front());
            lane.again.pop_front();
        }
        parcel.sent = now;
        return parcel;
    }
    return std::nullopt;
}

Parcel Outbox::pack(const std::string& queue, Lane& lane) {
    Parcel parcel{.queue = queue,
                  .message_id = lane.waiting.front().id.to_string(),
                  .commands = {},
                  .wants_reply = lane.waiting.front().wants_reply,
                  .first_sent = {},
                  .sent = {}};
    std::size_t bytes = 0;
    while (!lane.waiting.empty() && parcel.commands.size() < limits_.commands_per_message_max) {
        const Command& command = lane.waiting.front();
        bytes += command.bytes.size() + 1;
        const bool is_heavy = bytes > limits_.message_bytes_max && !parcel.commands.empty();
        if (is_heavy || command.wants_reply != parcel.wants_reply) break;
        parcel.commands.push_back(pop(lane));
    }
    return parcel;
}

Command Outbox::pop(Lane& lane) {
    Command command = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    lane.bytes -= command.bytes.size();
    bytes_waiting_ -= command.bytes.size();
    --commands_waiting_;
    return command;
}

void Outbox::sent(std::uint64_t number, Parcel parcel) {
    lanes_.find(parcel.queue)->second.in_flight.insert(number);
    in_flight_.emplace_hint(in_flight_.end(), number, std::move(parcel));
}

void Outbox::refused(Parcel parcel) {
    answer(parcel, Published::unavailable);
}

void Outbox::connection_lost() {
    // From the last to the first: they came before what was not yet sent a second time.
    for (auto sent = in_flight_.rbegin(); sent != in_flight_.rend(); ++sent) {
        Parcel& parcel = sent->second;
        if (parcel.commands.empty()) continue;
        parcel.again = true;
        parcel.returned = false;
        lanes_.find(parcel.queue)->second.again.push_front(std::move(parcel));
    }
    in_flight_.clear();
    for (auto& [queue, lane] : lanes_)
        lane.in_flight.clear();
}

void Outbox::connection_lost(Parcel parcel) {
    const auto after_all = in_flight_.empty() ? 1 : in_flight_.rbegin()->first + 1;
    sent(after_all, std::move(parcel));
    connection_lost();
}

void Outbox::confirmed(std::uint64_t number, bool multiple, bool taken) {
    auto parcel = multiple ? in_flight_.begin() : in_flight_.lower_bound(number);
    while (parcel != in_flight_.end() && parcel->first <= number) {
        auto node = in_flight_.extract(parcel++);
        lanes_.find(node.mapped().queue)->second.in_flight.erase(node.key());
        const bool is_returned = node.mapped().returned;
        answer(node.mapped(), is_returned ? Published::unavailable
                              : taken     ? Published::durable
                                          : Published::queue_full);
    }
}

void Outbox::returned(std::string_view queue, std::string_view message_id) {
    const auto found = std::ranges::find_if(in_flight_, [&](const auto& entry) {
        const Parcel& parcel = entry.second;
        return !parcel.returned && parcel.queue == queue && parcel.message_id == message_id;
    });
    if (found != in_flight_.end()) found->second.returned = true;
}

base::Deadline Outbox::expire(base::Deadline now) {
    auto next = base::Deadline::max();
    const auto is_due = [&](base::Deadline since, std::chrono::milliseconds patience) {
        if (since + patience <= now) return true;
        next = std::min(next, since + patience);
        return false;
    };
    for (auto& [queue, lane] : lanes_) {
        while (!lane.waiting.empty() && is_due(lane.waiting.front().since, limits_.send_patience))
            pop(lane).done(Published::unavailable);
        while (!lane.again.empty() &&
               is_due(lane.again.front().first_sent, limits_.confirm_patience)) {
            answer(lane.again.front(), Published::unknown);
            lane.again.pop_front();
        }
    }
    for (auto& [number, parcel] : in_flight_) {
        if (!parcel.commands.empty() && is_due(parcel.first_sent, limits_.confirm_patience))
            answer(parcel, Published::unknown);
    }
    return next;
}

void Outbox::refuse_waiting() {
    for (auto& [queue, lane] : lanes_)
        while (!lane.waiting.empty())
            pop(lane).done(Published::unavailable);
}

void Outbox::give_up() {
    connection_lost();
    refuse_waiting();
    for (auto& [queue, lane] : lanes_)
        for (Parcel& parcel : std::exchange(lane.again, {}))
            answer(parcel, Published::unknown);
}

bool Outbox::idle() const {
    const auto is_answered = [](const auto& entry) { return entry.second.commands.empty(); };
    return commands_waiting_ == 0 && std::ranges::all_of(in_flight_, is_answered) &&
           std::ranges::all_of(lanes_, [](const auto& lane) { return lane.second.again.empty(); });
}

void Outbox::answer(Parcel& parcel, Published what) {
    // The first sending may have arrived, whatever became of the second.
    if (parcel.again && what != Published::durable) what = Published::unknown;
    for (const Command& command : std::exchange(parcel.commands, {}))
        command.done(what);
}

}  // namespace stockroom::bus_amqp
