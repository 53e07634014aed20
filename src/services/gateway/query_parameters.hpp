#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/http/message.hpp"
#include "stockroom/http/problem.hpp"
#include "stockroom/ports/queries.hpp"

namespace stockroom::gateway {

/// Reads the parameters of a query string, each by its name; what then is left over, stands twice
/// or is not as it must be is a problem that names the parameter.
class QueryParameters {
  public:
    /// REQUIRES: the request outlives it.
    explicit QueryParameters(const http::Request& request) : request_(request) {}

    /// The value; empty when the parameter was not given, or was refused.
    [[nodiscard]] std::optional<std::string> text(std::string_view name, std::size_t length_max);
    [[nodiscard]] bool truth(std::string_view name);
    [[nodiscard]] ports::PageRequest page();

    /// Notes that a value is wrong; `detail` is a sentence without its subject.
    void refuse(std::string_view name, std::string_view detail);

    /// The first thing that is wrong, when all parameters that are known have been read.
    [[nodiscard]] std::optional<http::Problem> problem() const;

  private:
    const http::Request& request_;
    std::vector<std::string_view> known_;
    std::optional<http::Problem> refused_;
};

}  // namespace stockroom::gateway
