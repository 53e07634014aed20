#pragma once

#include <CLI/CLI.hpp>

#include "stockroom/gateway/gateway.hpp"

namespace stockroom::wiring {

/// What either shape's gateway can be told by flags, besides where to listen.
void add_gateway_options(CLI::App& command, gateway::Options& options);

/// Makes them fit this machine (as many connections as it may have files), and warns where others
/// than this machine can reach the gateway. Call once the log has been started.
void settle(gateway::Options& options);

}  // namespace stockroom::wiring
