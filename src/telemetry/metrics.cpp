#include "stockroom/telemetry/metrics.hpp"

#include <map>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "stockroom/base/check.hpp"

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

}  // namespace

/// Thread-safe: the registry and its families lock for themselves.
struct Metrics::Families {
    prometheus::Registry registry;
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

Histogram Metrics::histogram(std::string_view name, std::string_view help,
                             const std::vector<double>& buckets, Labels labels) {
    auto& family = prometheus::BuildHistogram()
                       .Name(checked_name(name))
                       .Help(std::string(help))
                       .Register(families_->registry);
    return Histogram(&family.Add(to_prometheus(labels), buckets));
}

std::string Metrics::to_text() const {
    return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace stockroom::telemetry
