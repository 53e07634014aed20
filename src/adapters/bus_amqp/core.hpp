#pragma once

#include <map>
#include <string>
#include <string_view>

#include "stockroom/base/mutex.hpp"
#include "stockroom/bus_amqp/bus_amqp.hpp"

#include "endpoint.hpp"
#include "watchdog.hpp"

namespace stockroom::bus_amqp {

/// What a bus and everything made of it share. Thread-safe.
struct AmqpBus::Shared {
    Shared(Options its_options, Endpoint its_endpoint, telemetry::Metrics& its_metrics)
        : options(std::move(its_options)),
          endpoint(std::move(its_endpoint)),
          metrics(its_metrics) {}

    const Options options;
    const Endpoint endpoint;
    telemetry::Metrics& metrics;
    Watchdog watchdog;

    /// What is wrong with a connection; empty: nothing. Removed by its id.
    [[nodiscard]] std::uint64_t add_trouble(std::string trouble) {
        const base::lock_guard lock(mutex_);
        troubles_.emplace(++last_id_, std::move(trouble));
        return last_id_;
    }
    void set_trouble(std::uint64_t id, std::string trouble) {
        const base::lock_guard lock(mutex_);
        troubles_[id] = std::move(trouble);
    }
    void remove_trouble(std::uint64_t id) {
        const base::lock_guard lock(mutex_);
        troubles_.erase(id);
    }
    [[nodiscard]] std::string trouble() {
        const base::lock_guard lock(mutex_);
        for (const auto& [id, trouble] : troubles_)
            if (!trouble.empty()) return trouble;
        return {};
    }
    /// What is said of work that has waited for a connection in vain.
    [[nodiscard]] std::string why_away() {
        auto why = trouble();
        return why.empty() ? "rabbitmq: away" : why;
    }

  private:
    base::mutex mutex_;
    std::map<std::uint64_t, std::string> troubles_ STOCKROOM_GUARDED_BY(mutex_);
    std::uint64_t last_id_ STOCKROOM_GUARDED_BY(mutex_) = 0;
};

}  // namespace stockroom::bus_amqp
