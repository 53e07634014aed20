#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/domain/health.hpp"
#include "stockroom/health/options.hpp"
#include "stockroom/telemetry/metrics.hpp"

#include "judge.hpp"

namespace stockroom::health {

/// How every part is now, and who is told when that changes. Thread-safe.
class Board {
  public:
    /// Called under the board's lock: quick, and without asking the board.
    using OnChange = std::function<void(domain::PartChange)>;

    Board(telemetry::Metrics& metrics, OnChange on_change)
        : metrics_(metrics), on_change_(std::move(on_change)) {}

    /// A part that is watched from now on. REQUIRES: no other has its name.
    void add(const std::string& name, domain::PartKind kind);

    /// It was in trouble when somebody last looked.
    void expect_trouble(const std::string& name);

    /// What asking it has shown; logs, counts and tells what that decides. Whether it should be
    /// asked again soon.
    bool note(const std::string& name, const Finding& found, base::Time at);

    // Of a queue; others are passed over.
    void show_figures(const std::string& queue, std::optional<QueueFigures> figures,
                      base::Deadline at);
    void show_round_trip(const std::string& queue, std::chrono::microseconds round_trip);
    [[nodiscard]] std::optional<QueueFigures> figures(const std::string& queue) const;
    /// Whether its figures have shown since then that messages are taken from it, more than pings.
    [[nodiscard]] bool was_worked_off(const std::string& queue, base::Deadline since) const;

    /// Whether nothing speaks against it; so it is of a name that nobody watches.
    [[nodiscard]] bool is_surely_up(const std::string& name) const;
    /// As GET /v1/health answers (api/openapi.yaml: Health).
    [[nodiscard]] std::string to_json(base::Time now) const;

  private:
    struct Part {
        domain::PartKind kind = domain::PartKind::service;
        Judge judge;
        std::string cause;
        std::optional<base::Time> since;
        std::optional<base::Time> checked_at;
        std::optional<domain::Incident> incident;  // that is not over
        std::optional<std::chrono::microseconds> round_trip;
        std::optional<QueueFigures> figures;
        std::optional<base::Deadline> worked_at;  // by the figures
        std::vector<telemetry::Gauge> gauges;     // by state
    };

    void decide(const std::string& name, Part& part, const Judge::Verdict& verdict, base::Time at)
        STOCKROOM_REQUIRES(mutex_);
    static void show(const Part& part);

    telemetry::Metrics& metrics_;
    const OnChange on_change_;
    mutable base::mutex mutex_;
    std::map<std::string, Part> parts_ STOCKROOM_GUARDED_BY(mutex_);
};

}  // namespace stockroom::health
