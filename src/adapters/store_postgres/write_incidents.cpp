#include <cstdint>
#include <optional>

#include "stockroom/store_format/states.hpp"

#include "write.hpp"

namespace stockroom::store_postgres {

using namespace store_format;

void Writer::send_parts(const ports::Commit& commit) {
    for (const auto& change : commit.parts) {
        const auto& incident = change.incident;
        const bool goes_on = incident && !incident->ended_at;
        put_part_.send(change.part, to_text(change.kind), to_text(change.state), change.at,
                       change.version, goes_on ? std::optional(incident->id) : std::nullopt,
                       std::int64_t{1});
        if (incident)
            put_incident_.send(incident->id, incident->part, to_text(incident->kind),
                               to_text(incident->state), incident->cause, incident->started_at,
                               incident->reported_at, incident->ended_at);
    }
}

}  // namespace stockroom::store_postgres
