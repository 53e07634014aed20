#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace stockroom::simulation {

/// The one source of chance: the same seed gives the same run on every machine.
class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// From `low` to `high`, both included.
    std::int64_t between(std::int64_t low, std::int64_t high) {
        const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + engine_() % span);
    }
    bool one_in(std::int64_t n) { return between(1, n) == 1; }
    /// REQUIRES: not empty.
    template <typename T>
    const T& one_of(const std::vector<T>& choices) {
        return choices[static_cast<std::size_t>(
            between(0, static_cast<std::int64_t>(choices.size()) - 1))];
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace stockroom::simulation
