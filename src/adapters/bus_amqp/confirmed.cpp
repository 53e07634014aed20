#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "connection.hpp"

namespace stockroom::bus_amqp {

namespace {

constexpr std::size_t kUnconfirmedMax = 256;

class Confirms final : public Receiver {
  public:
    void on_return(Incoming message, std::string_view reason) override {
        trouble_ =
            fmt::format("rabbitmq: {}: {} {}", reason, message.exchange, message.routing_key);
    }
    void on_confirm(std::uint64_t number, bool multiple, bool taken) override {
        const auto begin = multiple ? unconfirmed_.begin() : unconfirmed_.lower_bound(number);
        const auto end = unconfirmed_.upper_bound(number);
        // What an earlier call has given up does not count.
        if (!taken)
            for (auto it = begin; it != end; ++it)
                refused_.push_back(it->second);
        unconfirmed_.erase(begin, end);
    }

    std::map<std::uint64_t, std::size_t> unconfirmed_;  // which of them has which number
    std::vector<std::size_t> refused_;
    std::string trouble_;  // empty: none
};

}  // namespace

Expected<std::vector<std::size_t>> publish_confirmed(Connection& connection, Channel channel,
                                                     std::span<const Outgoing> messages,
                                                     base::Deadline deadline) {
    Confirms confirms;
    Wakeup nobody;
    const std::array connections{&connection};
    std::size_t sent = 0;
    while (sent < messages.size() || !confirms.unconfirmed_.empty()) {
        if (auto pumped = connection.pump(confirms); !pumped)
            return std::unexpected(std::move(pumped.error()));
        if (sent == messages.size() && confirms.unconfirmed_.empty()) break;
        if (std::chrono::steady_clock::now() >= deadline) {
            return std::unexpected(
                ports::Error{ports::ErrorKind::retryable, connection.blocked().empty()
                                                              ? "rabbitmq: no confirm in time"
                                                              : connection.blocked()});
        }
        const bool may_send = sent < messages.size() && connection.blocked().empty() &&
                              confirms.unconfirmed_.size() < kUnconfirmedMax &&
                              connection.writable();
        if (may_send) {
            const auto number = connection.publish(channel, messages[sent]);
            if (!number) return std::unexpected(number.error());
            confirms.unconfirmed_.emplace(*number, sent++);
            continue;
        }
        wait_for(connections, nobody, deadline);
    }
    if (!confirms.trouble_.empty())
        return std::unexpected(ports::Error{ports::ErrorKind::retryable, confirms.trouble_});
    std::ranges::sort(confirms.refused_);
    return std::move(confirms.refused_);
}

}  // namespace stockroom::bus_amqp
