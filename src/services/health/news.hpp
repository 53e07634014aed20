#pragma once

#include <map>
#include <optional>
#include <string>

#include "stockroom/domain/health.hpp"

namespace stockroom::health {

/// What is to be written of a change, after what is written of its part: with its version, and as
/// part of the incident that goes on there. Empty when the part is in that state already (a part
/// that nothing is written of is up). It comes after what is written, also when a clock says
/// otherwise. `stored` is then as after it.
[[nodiscard]] std::optional<domain::PartChange> take_news(
    std::map<std::string, domain::PartChange>& stored, domain::PartChange change);

}  // namespace stockroom::health
