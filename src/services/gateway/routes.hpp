#pragma once

#include <functional>
#include <string>

#include "stockroom/http/router.hpp"
#include "stockroom/telemetry/metrics.hpp"

#include "classic.hpp"
#include "event_stream.hpp"
#include "generator_answers.hpp"
#include "health_answers.hpp"
#include "reads.hpp"
#include "submit.hpp"

namespace stockroom::gateway {

/// What the routes stand on. REQUIRES: outlives the router.
struct Collaborators {
    Submitter& submitter;
    Reads& reads;
    EventStream& events;
    HealthAnswers& health;
    GeneratorAnswers& generator;
    Classic* classic;  // null: it is off
    telemetry::Metrics& metrics;
    std::function<std::string()> trouble;  // empty: the bus and the services work
    std::function<void()> before_metrics;  // brings gauges up to date
};

/// Every route that there is.
[[nodiscard]] http::Router make_routes(Collaborators collaborators);

}  // namespace stockroom::gateway
