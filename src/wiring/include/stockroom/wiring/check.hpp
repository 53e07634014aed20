#pragma once

#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

namespace stockroom::wiring {

/// Adds --check, which gives the probe's name, "livez" or "readyz". REQUIRES: called after
/// runtime::bind_environment: from a container's environment it would make its service a check.
void add_check(CLI::App& command, std::string& probe);

/// Asks the service that runs at `listen` (what --listen says) for that probe, for a container's
/// health check. Gives the exit code: runtime::kExitDone when it is well; else kExitFailed
/// (kExitUsage when the address is wrong), and standard error says why.
[[nodiscard]] int check(const std::string& listen, std::string_view probe);

}  // namespace stockroom::wiring
