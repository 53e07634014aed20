#pragma once

#include <cstdint>
#include <string>

namespace stockroom::ports {

enum class ErrorKind : std::uint8_t {
    retryable,  // the world is in trouble (away, busy, deadline passed): the same again may do
    conflict,   // somebody else moved the rows: load again, decide again
    permanent,  // the same again will fail the same
};

/// Trouble with the world, from a store or a bus.
struct Error {
    ErrorKind kind = ErrorKind::permanent;
    std::string detail;  // for operators: "sqlite: disk I/O error (10) in commit"
};

}  // namespace stockroom::ports
