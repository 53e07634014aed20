#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stockroom::contract {

/// Paths into a JSON text as problems name them: "lines[3].quantity". A client's own name that is
/// very long is cut, since paths are stored and logged.
void append_member(std::string& path, std::string_view name);
void append_index(std::string& path, std::size_t index);

}  // namespace stockroom::contract
