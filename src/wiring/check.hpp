#pragma once

#include "service_flags.hpp"

namespace stockroom::wiring {

/// Asks the service that runs at flags.listen for the probe flags.check, for a container's health
/// check. Gives the exit code: runtime::kExitDone when it is well; else kExitFailed (kExitUsage
/// when the address is wrong), and standard error says why.
[[nodiscard]] int check(const ServiceFlags& flags);

}  // namespace stockroom::wiring
