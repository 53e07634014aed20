#pragma once

#include "stockroom/generator/generator.hpp"
#include "stockroom/http/router.hpp"

namespace stockroom::generator {

// What the generator answers at its own port, beside the probes.

/// GET /: starts it. HEAD does not.
[[nodiscard]] http::Handler start_by_get(Generator& generator);
/// GET /metrics, for who wants JSON.
[[nodiscard]] http::Handler metrics_as_json(Generator& generator);
/// GET /stop_order, and what the gateway passes on: GET /v1/generator, POST /v1/generator/start and
/// /stop.
void add_routes(http::Router& router, Generator& generator);

}  // namespace stockroom::generator
