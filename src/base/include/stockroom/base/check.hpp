#pragma once

#include <stdexcept>
#include <string>

namespace stockroom::base {

/// Something that the code itself promised did not hold. Never the user's fault nor the world's.
/// Caught around one command's decision (engine) and at the root of a thread, nowhere else.
class bug : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

[[noreturn]] void throw_bug(const char* condition, const char* message, const char* file, int line);

}  // namespace stockroom::base

/// On in every build: throws base::bug naming the condition, the message and the place.
#define CHECK(condition, message)                                                    \
    do {                                                                             \
        if (!(condition)) [[unlikely]]                                               \
            ::stockroom::base::throw_bug(#condition, (message), __FILE__, __LINE__); \
    } while (false)
