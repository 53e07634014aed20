#pragma once

#include <expected>
#include <functional>
#include <span>

#include "stockroom/domain/decide.hpp"
#include "stockroom/ports/store.hpp"

namespace stockroom::health {

/// What is to become of one dead letter. Pure.
struct LetterChange {
    base::Uuid letter;
    std::function<domain::Changes(const domain::Snapshot& snapshot)> change;
};

/// Loads these letters, changes one after the other, and commits that with its events; again while
/// others were quicker. Errors: as Store's, but for a conflict that passes.
[[nodiscard]] std::expected<void, ports::Error> change_letters(
    ports::Store& store, std::span<const LetterChange> changes);

}  // namespace stockroom::health
