#include "stockroom/base/check.hpp"

#include <fmt/format.h>

namespace stockroom::base {

void throw_bug(const char* condition, const char* message, const char* file, int line) {
    throw bug(fmt::format("{} ({} at {}:{})", message, condition, file, line));
}

}  // namespace stockroom::base
