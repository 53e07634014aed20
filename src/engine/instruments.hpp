#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "stockroom/domain/command.hpp"
#include "stockroom/ports/error.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::engine {

/// An engine's metrics. For the engine's thread only.
class Instruments {
  public:
    Instruments(telemetry::Metrics& metrics, std::string service);

    void count_command(domain::CommandKind kind, std::string_view outcome);
    void count_retry(ports::ErrorKind why);

    telemetry::Counter repeated;
    telemetry::Counter dead;
    telemetry::Gauge in_flight;
    telemetry::Age oldest_taken_seconds;
    telemetry::Histogram batch_size;
    telemetry::Histogram load_seconds;
    telemetry::Histogram decide_seconds;
    telemetry::Histogram commit_seconds;

  private:
    telemetry::Metrics& metrics_;
    const std::string service_;
    telemetry::Counter retries_after_trouble_;
    telemetry::Counter retries_after_conflict_;
    std::map<std::pair<domain::CommandKind, std::string_view>, telemetry::Counter> commands_;
};

/// Observes how long its scope took.
class Timing {
  public:
    explicit Timing(telemetry::Histogram& seconds) : seconds_(seconds) {}
    ~Timing() {
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start_;
        seconds_.observe(taken.count());
    }
    Timing(const Timing&) = delete;
    Timing& operator=(const Timing&) = delete;

  private:
    telemetry::Histogram& seconds_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace stockroom::engine
