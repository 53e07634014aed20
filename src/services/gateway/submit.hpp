#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/domain/command.hpp"
#include "stockroom/http/message.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/telemetry/metrics.hpp"

#include "inbox.hpp"
#include "query_pool.hpp"
#include "undecided.hpp"
#include "wish.hpp"

namespace stockroom::gateway {

/// The way of a write: request → command → queue → outcome → answer. Lives on the thread of one
/// io_context.
class Submitter {
  public:
    struct Options {
        std::chrono::seconds wait{5};
        std::size_t in_flight_max = 20'000;
    };

    /// Hears of each outcome before a client does.
    using OnOutcome = std::function<void(const contract::ReadOutcome&)>;

    Submitter(boost::asio::io_context& context, ports::Bus& bus, QueryPool& queries,
              Options options, OnOutcome on_outcome, telemetry::Metrics& metrics);
    ~Submitter();
    Submitter(const Submitter&) = delete;
    Submitter& operator=(const Submitter&) = delete;

    /// Publishes what the request wishes and waits for what becomes of it. What is answered keeps
    /// DESIGN's invariant 4.
    boost::asio::awaitable<http::Response> submit(domain::CommandKind kind,
                                                  const http::Request& request);
    boost::asio::awaitable<http::Response> submit(Wish wish);

    /// Whether the command was published here and its outcome is not known yet, as far as is
    /// remembered: of those answered already the last `in_flight_max`.
    [[nodiscard]] bool is_in_flight(const base::Uuid& command) const;

    /// From here on nobody waits longer than until `deadline`.
    void hurry(base::Deadline deadline);

    /// Drops what the bus still has to say. REQUIRES: nobody runs the io_context any more.
    void close();

  private:
    struct Waiter;
    struct Flight;
    using FlightPtr = std::shared_ptr<Flight>;

    void deliver(const Inbox::Batch& batch);
    void note_reply(std::string_view bytes);
    void note_outcome(contract::ReadOutcome read);
    void note_published(const base::Uuid& command, ports::Published published);

    [[nodiscard]] FlightPtr launch(const Wish& wish, const base::Fingerprint& body);
    void forget_if_over(const base::Uuid& command);
    boost::asio::awaitable<void> wait(FlightPtr flight, Preference preference);
    boost::asio::awaitable<http::Response> conclude(Wish wish, FlightPtr flight);
    boost::asio::awaitable<http::Response> look_up(Wish wish, bool durable);

    boost::asio::io_context& context_;
    QueryPool& queries_;
    Options options_;
    OnOutcome on_outcome_;
    telemetry::Gauge in_flight_;
    telemetry::Counter accepted_;
    telemetry::Counter unknown_;
    telemetry::Histogram seconds_;

    std::unordered_map<base::Uuid, FlightPtr> flights_;
    Undecided undecided_{options_.in_flight_max};  // outlive their flights
    base::Deadline hurry_until_ = base::Deadline::max();
    std::shared_ptr<Inbox> inbox_;
    std::unique_ptr<ports::Publisher> publisher_;
};

}  // namespace stockroom::gateway
