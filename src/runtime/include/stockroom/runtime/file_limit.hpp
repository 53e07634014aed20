#pragma once

#include <cstddef>

namespace stockroom::runtime {

/// Lets this process have `wanted` files and sockets open, as far as the system's hard limit
/// allows. Gives how many it may have now.
std::size_t raise_file_limit(std::size_t wanted);

}  // namespace stockroom::runtime
