#pragma once

#include <string>
#include <string_view>

#include "stockroom/domain/outcome.hpp"

namespace stockroom::contract {

/// How an outcome is told over HTTP (DESIGN: the table of outcomes).
struct HttpAnswer {
    int status;              // 200, 201, 404, 409, 412, 422
    std::string_view title;  // of the problem; empty when the command was done
    std::string detail;      // for people: what happened and what to do; empty when done
};

/// The problem's type is the outcome's name (to_string).
[[nodiscard]] HttpAnswer http_answer(domain::CommandKind kind, const domain::Outcome& outcome);

/// Whether the command did what it wished.
[[nodiscard]] bool is_done(const domain::OutcomeCode& code);

}  // namespace stockroom::contract
