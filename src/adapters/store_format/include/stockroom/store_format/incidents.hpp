#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "stockroom/domain/health.hpp"
#include "stockroom/store_format/states.hpp"

namespace stockroom::store_format {

/// Reads what the health monitor has written, from either store. What cannot be read is left out,
/// and the connection says why.
template <typename Connection, typename Statement>
class IncidentReader {
  public:
    /// `parts`: gives part, kind, state, at, version, and of the incident that is not over, or
    /// NULL, what `incidents` gives: id, part, kind, state, cause, started_at, reported_at,
    /// ended_at.
    IncidentReader(Connection& connection, const char* parts, const char* incidents)
        : connection_(connection), parts_(connection, parts), incidents_(connection, incidents) {}

    /// As Queries::parts.
    [[nodiscard]] std::vector<domain::PartChange> parts() {
        std::vector<domain::PartChange> parts;
        for (auto rows = parts_.query(); rows.next();)
            if (auto part = read_part(rows)) parts.push_back(*std::move(part));
        return parts;
    }

    /// As Queries::incidents, of those before the id.
    [[nodiscard]] std::vector<domain::Incident> list(const base::Uuid& before, std::int64_t limit) {
        std::vector<domain::Incident> incidents;
        for (auto rows = incidents_.query(before, limit); rows.next();)
            if (auto incident = read_incident(rows, 0)) incidents.push_back(*std::move(incident));
        return incidents;
    }

  private:
    std::optional<domain::PartChange> read_part(const auto& rows) {
        const auto kind = parse_part_kind(rows.text(1));
        const auto state = parse_part_state(rows.text(2));
        if (!kind || !state) {
            connection_.fail_corrupt("the kind or state of a part");
            return std::nullopt;
        }
        domain::PartChange part{.part = rows.string(0),
                                .kind = *kind,
                                .state = *state,
                                .was = domain::PartState::up,
                                .cause = {},
                                .at = rows.time(3),
                                .version = rows.integer(4),
                                .incident = std::nullopt};
        if (rows.is_null(5)) return part;
        part.incident = read_incident(rows, 5);
        if (!part.incident) return std::nullopt;
        return part;
    }

    /// Of the columns from this one on.
    std::optional<domain::Incident> read_incident(const auto& rows, int column) {
        const auto kind = parse_part_kind(rows.text(column + 2));
        const auto state = parse_part_state(rows.text(column + 3));
        if (!kind || !state) {
            connection_.fail_corrupt("the kind or state of an incident");
            return std::nullopt;
        }
        domain::Incident incident{.id = rows.uuid(column),
                                  .part = rows.string(column + 1),
                                  .kind = *kind,
                                  .state = *state,
                                  .cause = rows.string(column + 4),
                                  .started_at = rows.time(column + 5),
                                  .reported_at = rows.time(column + 6),
                                  .ended_at = std::nullopt};
        if (!rows.is_null(column + 7)) incident.ended_at = rows.time(column + 7);
        return incident;
    }

    Connection& connection_;
    Statement parts_;
    Statement incidents_;
};

}  // namespace stockroom::store_format
