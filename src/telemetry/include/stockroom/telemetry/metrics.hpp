#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stockroom::telemetry {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Handles are cheap to copy, thread-safe, and valid as long as their Metrics. Look them up once,
/// not on every use.
class Counter {
  public:
    void add(double amount = 1);

  private:
    friend class Metrics;
    explicit Counter(void* counter) : counter_(counter) {}
    void* counter_;
};

class Gauge {
  public:
    void set(double value);
    void add(double amount);

  private:
    friend class Metrics;
    explicit Gauge(void* gauge) : gauge_(gauge) {}
    void* gauge_;
};

/// A gauge of how long something takes already, in seconds, as of when the metrics are read; 0
/// while nothing is under way.
class Age {
  public:
    /// Again: since then instead.
    void start(std::chrono::steady_clock::time_point since);
    void stop();

  private:
    friend class Metrics;
    explicit Age(void* age) : age_(age) {}
    void* age_;
};

class Histogram {
  public:
    void observe(double value);

  private:
    friend class Metrics;
    explicit Histogram(void* histogram) : histogram_(histogram) {}
    void* histogram_;
};

/// Bucket bounds for durations in seconds, 50 µs to 10 s.
[[nodiscard]] const std::vector<double>& duration_buckets();
/// Bucket bounds for batch sizes, 1 to 1,024.
[[nodiscard]] const std::vector<double>& size_buckets();

/// One process's metrics; prometheus-cpp behind it. The same name and labels give the same series.
/// Names end in their unit (`_seconds`, `_total`); every name starts with `stockroom_`.
class Metrics {
  public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    Counter counter(std::string_view name, std::string_view help, Labels labels = {});
    Gauge gauge(std::string_view name, std::string_view help, Labels labels = {});
    Age age(std::string_view name, std::string_view help, Labels labels = {});
    Histogram histogram(std::string_view name, std::string_view help,
                        const std::vector<double>& buckets, Labels labels = {});

    /// Prometheus text exposition format 0.0.4.
    [[nodiscard]] std::string to_text() const;

  private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace stockroom::telemetry
