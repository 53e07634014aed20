#include <utility>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"

namespace stockroom::contract {

using namespace domain;

std::string_view to_string(PartKind kind) {
    switch (kind) {
        using enum PartKind;
        case service:
            return "service";
        case queue:
            return "queue";
        case server:
            return "server";
    }
    std::unreachable();
}

std::string_view to_string(PartState state) {
    switch (state) {
        using enum PartState;
        case up:
            return "up";
        case degraded:
            return "degraded";
        case down:
            return "down";
        case unknown:
            return "unknown";
    }
    std::unreachable();
}

void write(JsonWriter& json, const Incident& incident) {
    json.begin_object();
    json.field("id", incident.id.to_string());
    json.field("part", incident.part);
    json.field("kind", to_string(incident.kind));
    json.field("state", to_string(incident.state));
    json.field("cause", incident.cause);
    json.field("started_at", incident.started_at.to_string());
    json.field("reported_at", incident.reported_at.to_string());
    if (incident.ended_at) json.field("ended_at", incident.ended_at->to_string());
    json.end_object();
}

void write(JsonWriter& json, const PartChange& change) {
    json.begin_object();
    json.field("part", change.part);
    json.field("kind", to_string(change.kind));
    json.field("state", to_string(change.state));
    json.field("was", to_string(change.was));
    if (!change.cause.empty()) json.field("cause", change.cause);
    json.field("at", change.at.to_string());
    json.field("version", change.version);
    if (change.incident) {
        json.name("incident");
        write(json, *change.incident);
    }
    json.end_object();
}

}  // namespace stockroom::contract
