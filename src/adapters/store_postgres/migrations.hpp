#pragma once

#include <cstdint>
#include <span>

namespace stockroom::store_postgres {

/// One step from a schema version to the next.
struct Migration {
    const char* sql;
    /// Versions from this one on work with the tables as they are after it. A step either adds what
    /// older versions do not need to know (expand: `oldest` stays), or, a release later, takes away
    /// what nobody uses any more (contract: `oldest` grows), so that processes of two versions can
    /// run side by side while they are replaced.
    std::int64_t oldest;
};

/// Each is applied once, in this order, and never edited after a release.
[[nodiscard]] std::span<const Migration> migrations();

/// Who may do what; runs after the last migration, also when there was none to do. A migration that
/// older programs need rights for grants those itself.
[[nodiscard]] const char* grants();

// What a session needs of these rights to do its work, as rows of SQL: ('PRIVILEGE', 'relation').
[[nodiscard]] const char* rights_to_decide();
[[nodiscard]] const char* rights_to_read();
[[nodiscard]] const char* rights_to_relay();

}  // namespace stockroom::store_postgres
