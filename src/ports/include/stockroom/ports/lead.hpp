#pragma once

#include <expected>

#include "stockroom/ports/error.hpp"

namespace stockroom::ports {

/// Which of several processes does what only one may do. One thread owns each; it may block.
class Lead {
  public:
    virtual ~Lead() = default;

    /// Whether this one has the lead now. One has it until it ends or loses its connection to the
    /// store. Never waits for another to give it up.
    /// Errors: retryable; whether it still leads is to be asked again.
    [[nodiscard]] virtual std::expected<bool, Error> take() = 0;
};

}  // namespace stockroom::ports
