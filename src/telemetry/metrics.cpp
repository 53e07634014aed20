#include "stockroom/telemetry/metrics.hpp"

#include <map>
#include <optional>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "stockroom/base/check.hpp"
#include "stockroom/base/mutex.hpp"

namespace stockroom::telemetry {
namespace {

prometheus::Labels to_prometheus(Labels labels) {
    prometheus::Labels out;
    for (const auto& [name, value] : labels)
        out.emplace(name, value);
    return out;
}

std::string checked_name(std::string_view name) {
    CHECK(name.starts_with("stockroom_"), "every metric's name starts with stockroom_");
    return std::string(name);
}

/// What an Age shows.
struct Running {
    explicit Running(prometheus::Gauge& its_gauge) : gauge(its_gauge) {}

    void set(std::optional<std::chrono::steady_clock::time_point> its_since) {
        const base::lock_guard lock(mutex);
        since = its_since;
    }
    void show() {
        const base::lock_guard lock(mutex);
        const auto now = std::chrono::steady_clock::now();
        gauge.Set(since ? std::chrono::duration<double>(now - *since).count() : 0);
    }

    prometheus::Gauge& gauge;
    base::mutex mutex;
    std::optional<std::chrono::steady_clock::time_point> since STOCKROOM_GUARDED_BY(mutex);
};

}  // namespace

/// Thread-safe: the registry and its families lock for themselves.
struct Metrics::Families {
    prometheus::Registry registry;
    base::mutex mutex;
    std::map<prometheus::Gauge*, Running> ages STOCKROOM_GUARDED_BY(mutex);
};

void Counter::add(double amount) {
    static_cast<prometheus::Counter*>(counter_)->Increment(amount);
}

void Gauge::set(double value) {
    static_cast<prometheus::Gauge*>(gauge_)->Set(value);
}

void Gauge::add(double amount) {
    static_cast<prometheus::Gauge*>(gauge_)->Increment(amount);
}

void Age::start(std::chrono::steady_clock::time_point since) {
    static_cast<Running*>(age_)->set(since);
}

void Age::stop() {
    static_cast<Running*>(age_)->set(std::nullopt);
}

void Histogram::observe(double value) {
    static_cast<prometheus::Histogram*>(histogram_)->Observe(value);
}

const std::vector<double>& duration_buckets() {
    static const std::vector<double> buckets{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                             0.005,   0.01,   0.025,   0.05,   0.1,   0.25,
                                             0.5,     1,      2.5,     5,      10};
    return buckets;
}

const std::vector<double>& size_buckets() {
    static const std::vector<double> buckets{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
    return buckets;
}

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
    auto& family = prometheus::BuildCounter()
                       .Name(checked_name(name))
                       .Help(std::string(help))
                       .Register(families_->registry);
    return Counter(&family.Add(to_prometheus(labels)));
}

Gauge Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
    auto& family = prometheus::BuildGauge()
                       .Name(checked_name(name))
                       .Help(std::string(help))
                       .Register(families_->registry);
    return Gauge(&family.Add(to_prometheus(labels)));
}

Age Metrics::age(std::string_view name, std::string_view help, Labels labels) {
    auto* const shown = static_cast<prometheus::Gauge*>(gauge(name, help, labels).gauge_);
    const base::lock_guard lock(families_->mutex);
    return Age(&families_->ages.try_emplace(shown, *shown).first->second);
}

Histogram Metrics::histogram(std::string_view name, std::string_view help,
                             const std::vector<double>& buckets, Labels labels) {
    auto& family = prometheus::BuildHistogram()
                       .Name(checked_name(name))
                       .Help(std::string(help))
                       .Register(families_->registry);
    return Histogram(&family.Add(to_prometheus(labels), buckets));
}

std::string Metrics::to_text() const {
    {
        const base::lock_guard lock(families_->mutex);
        for (auto& [gauge, running] : families_->ages)
            running.show();
    }
    return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace stockroom::telemetry
