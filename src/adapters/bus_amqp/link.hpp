#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>

#include "connection.hpp"
#include "core.hpp"

namespace stockroom::bus_amqp {

/// A connection that is made again as often as it must, with growing, jittered pauses. Logs when it
/// is lost, each new reason why it is away, and when it stands again, and tells the bus's
/// trouble(). Of one thread, but end_at().
class Link {
  public:
    /// What must be done on each new connection; the topology is declared before.
    using SetUp = std::function<Expected<void>(Connection&)>;

    /// `purpose` names it for people: "consumer of stockroom.orders".
    Link(std::shared_ptr<AmqpBus::Shared> shared, std::string purpose, SetUp set_up);
    /// Says goodbye.
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Null while it is away. Connects when it is time to try, which may take some seconds.
    [[nodiscard]] Connection* connect();
    /// Null while it is away.
    [[nodiscard]] Connection* connection() { return connection_.get(); }
    /// How often it was connected: tells one connection from the next.
    [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
    /// When to try next, while it is away.
    [[nodiscard]] base::Deadline retry_at() const { return retry_at_; }
    /// Since when it is away, while it is.
    [[nodiscard]] base::Deadline away_since() const { return away_since_; }

    /// The connection is of no use any more.
    void lose(const ports::Error& error);
    /// As lose(), when it failed. Returns whether it did not.
    bool check(const Expected<void>& result);
    /// Why the broker takes nothing though the connection stands; empty: it does. Each change is
    /// logged.
    void set_trouble(const std::string& trouble);
    /// Says goodbye now.
    void close();

    /// What is under way then, or begun later, fails. From any thread.
    void end_at(base::Deadline deadline) { watch_.end_at(deadline); }

  private:
    [[nodiscard]] Expected<std::unique_ptr<Connection>> open();
    void plan_retry();
    void tell(std::string trouble);

    const std::shared_ptr<AmqpBus::Shared> shared_;
    const std::string purpose_;
    const SetUp set_up_;
    Watch watch_;
    telemetry::Counter reconnects_;
    const std::uint64_t trouble_id_;
    std::string trouble_;  // as told
    std::unique_ptr<Connection> connection_;
    std::uint64_t epoch_ = 0;
    std::set<std::string> logged_;  // what stood in its way since it stood last, as the log told
    unsigned failures_ = 0;
    base::Deadline retry_at_ = base::Deadline::min();
    base::Deadline away_since_;
    base::Deadline connected_at_;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace stockroom::bus_amqp
