#pragma once

#include <optional>
#include <string>

#include "stockroom/health/options.hpp"

#include "judge.hpp"
#include "pinger.hpp"

namespace stockroom::health {

/// What is known of a queue whose ping was not answered in time.
struct QueueSigns {
    Pinged pinged{};
    bool has_broker = true;  // else the bus is in this process, and confirms what was worked off
    bool is_broker_up = true;
    bool is_store_up = true;
    bool is_worked_off = false;  // by its figures, more than by pings
    std::optional<QueueFigures> figures{};
};
[[nodiscard]] Finding judge_queue(const QueueSigns& signs);

/// Of a queue that cannot be pinged.
[[nodiscard]] Finding judge_figures(const std::optional<QueueFigures>& figures);

/// What is known of the broker. The troubles are for people; empty: there is none.
struct BrokerSigns {
    Pinged pinged{};               // by a ping that wants no answer
    std::string link_trouble{};    // of one of this process's connections
    std::string report_trouble{};  // by the management API, or with it
    bool has_report = false;
};
[[nodiscard]] Finding judge_broker(const BrokerSigns& signs);

/// Whether more was taken from the queue between the two than a few pings: whoever consumes it is
/// at work, however long a ping waits behind the rest.
[[nodiscard]] bool shows_work(const QueueFigures& before, const QueueFigures& now);

}  // namespace stockroom::health
