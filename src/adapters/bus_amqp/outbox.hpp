#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/ports/bus.hpp"

namespace stockroom::bus_amqp {

struct Command {
    base::Uuid id;
    std::string bytes;
    bool wants_reply = false;
    ports::PublishedHandler done;
    base::Deadline since;  // when it came
};

/// One message: a command, or several for the same queue.
struct Parcel {
    std::string queue;
    std::string message_id;         // of the first command
    std::vector<Command> commands;  // those that are not answered yet: all or none
    bool wants_reply = false;
    bool again = false;     // sent before, on a connection that is lost: it may have arrived
    bool returned = false;  // no queue takes it
    base::Deadline first_sent;
    base::Deadline sent;  // on this connection
};

/// The command, or an array of them.
[[nodiscard]] std::string bytes_of(const Parcel& parcel);

/// What waits to be sent and to be confirmed, queue by queue, and what becomes of it (DESIGN:
/// messages). No I/O, no clock, of one thread.
class Outbox {
  public:
    struct Limits {
        std::size_t commands_per_message_max = 256;
        std::size_t messages_in_flight_max = 64;            // per queue
        std::size_t message_bytes_max = 1024 * 1024;        // a larger command goes alone
        std::chrono::milliseconds send_patience{2'000};     // then it is unavailable
        std::chrono::milliseconds confirm_patience{3'000};  // from the first sending; then unknown
    };
    explicit Outbox(const Limits& limits) : limits_(limits) {}

    void add(std::string_view queue, Command command);

    /// The next message that may be sent now. Then say which of the two happened.
    [[nodiscard]] std::optional<Parcel> next(base::Deadline now);
    /// Numbers grow from message to message of one connection.
    void sent(std::uint64_t number, Parcel parcel);
    /// It must not be sent at all.
    void refused(Parcel parcel);

    /// What was sent and not confirmed, `parcel` too, is to be sent again.
    void connection_lost();
    void connection_lost(Parcel parcel);
    void confirmed(std::uint64_t number, bool multiple, bool taken);
    void returned(std::string_view queue, std::string_view message_id);

    /// Answers what has waited too long. Returns when the next one will have.
    base::Deadline expire(base::Deadline now);
    /// Answers what was never sent.
    void refuse_waiting();
    /// A queue that has confirmed nothing for too long; empty: none.
    [[nodiscard]] std::string stuck_queue(base::Deadline now) const;
    /// Answers everything: nothing will be sent or confirmed any more.
    void give_up();

    [[nodiscard]] std::size_t commands_waiting() const { return commands_waiting_; }
    [[nodiscard]] std::size_t bytes_waiting() const { return bytes_waiting_; }
    [[nodiscard]] std::size_t messages_in_flight() const { return in_flight_.size(); }
    /// Whether somebody still waits for an answer.
    [[nodiscard]] bool idle() const;

  private:
    struct Lane {
        std::deque<Command> waiting;
        std::size_t bytes = 0;              // of the waiting
        std::deque<Parcel> again;           // to be sent before these
        std::set<std::uint64_t> in_flight;  // their numbers
    };
    [[nodiscard]] bool is_stuck(const Lane& lane, base::Deadline now) const;
    [[nodiscard]] bool may_send(const Lane& lane, base::Deadline now) const;
    [[nodiscard]] Parcel pack(const std::string& queue, Lane& lane);
    [[nodiscard]] Command pop(Lane& lane);
    static void answer(Parcel& parcel, ports::Published what);

    const Limits limits_;
    std::map<std::string, Lane, std::less<>> lanes_;
    std::map<std::uint64_t, Parcel> in_flight_;  // those answered in the meantime too
    std::size_t commands_waiting_ = 0;
    std::size_t bytes_waiting_ = 0;
};

}  // namespace stockroom::bus_amqp
