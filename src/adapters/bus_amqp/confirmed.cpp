#include <array>
#include <set>

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
        if (!taken && begin != end) trouble_ = "rabbitmq: refused: the queue is full";
        unconfirmed_.erase(begin, end);
    }

    std::set<std::uint64_t> unconfirmed_;
    std::string trouble_;  // empty: none
};

}  // namespace

Expected<void> publish_confirmed(Connection& connection, Channel channel,
                                 std::span<const Outgoing> messages, base::Deadline deadline) {
    Confirms confirms;
    Wakeup nobody;
    const std::array connections{&connection};
    while (!messages.empty() || !confirms.unconfirmed_.empty()) {
        if (auto pumped = connection.pump(confirms); !pumped) return pumped;
        const bool may_send = !messages.empty() && connection.blocked().empty() &&
                              confirms.unconfirmed_.size() < kUnconfirmedMax &&
                              connection.writable();
        if (may_send) {
            const auto number = connection.publish(channel, messages.front());
            if (!number) return std::unexpected(number.error());
            confirms.unconfirmed_.insert(*number);
            messages = messages.subspan(1);
            continue;
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return std::unexpected(
                ports::Error{ports::ErrorKind::retryable, connection.blocked().empty()
                                                              ? "rabbitmq: no confirm in time"
                                                              : connection.blocked()});
        }
        if (!confirms.unconfirmed_.empty() || !messages.empty())
            wait_for(connections, nobody, deadline);
    }
    if (!confirms.trouble_.empty())
        return std::unexpected(ports::Error{ports::ErrorKind::retryable, confirms.trouble_});
    return {};
}

}  // namespace stockroom::bus_amqp
