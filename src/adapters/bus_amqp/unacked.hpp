#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

namespace stockroom::bus_amqp {

/// One ack or nack as the broker is told it.
struct Settlement {
    enum class Kind { ack, give_back };
    Kind kind = Kind::ack;
    std::uint64_t tag = 0;  // the broker's
    bool multiple = false;  // with all that are not acked before it
};

/// The messages that were given out to us and are not acked. Their tags are ours: unlike the
/// broker's, no tag comes twice, whatever connection it came on.
class Unacked {
  public:
    /// The broker numbers its tags from 1 again; what is not acked, it gives to somebody else.
    void connection_lost();
    /// Returns our tag of it.
    [[nodiscard]] std::uint64_t add(std::uint64_t broker_tag);

    enum class Known { all, stale, never };
    /// Stale: one of them came on a connection that is lost. Never: one of them was never given
    /// out, or is acked already.
    [[nodiscard]] Known check(std::span<const std::uint64_t> tags) const;

    /// Forgets them and says how to tell the broker, in this order.
    /// REQUIRES: all are known.
    [[nodiscard]] std::vector<Settlement> settle(std::span<const std::uint64_t> tags,
                                                 Settlement::Kind kind);

    /// How many there are from this tag of ours on.
    [[nodiscard]] std::size_t count_from(std::uint64_t tag) const;
    /// What the next one's tag is at least.
    [[nodiscard]] std::uint64_t next_tag() const { return last_ + 1; }

  private:
    std::uint64_t base_ = 0;  // ours minus the broker's
    std::uint64_t last_ = 0;  // the highest of ours
    std::set<std::uint64_t> tags_;
};

}  // namespace stockroom::bus_amqp
