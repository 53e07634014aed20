#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/generator/generator.hpp"

namespace stockroom::generator {

/// Draws orders from a catalogue. The same seed and the same catalogues give the same orders.
class Draw {
  public:
    static constexpr std::size_t kLinesMax = 3;
    static constexpr std::uint64_t kQuantityMax = 5;

    Draw(std::uint64_t seed, Placed placed) : random_(seed), placed_(placed) {}

    void set_catalogue(std::vector<std::string> skus) { skus_ = std::move(skus); }
    [[nodiscard]] std::size_t items() const { return skus_.size(); }

    /// The body of a POST /v1/orders: 1 to kLinesMax lines of 1 to kQuantityMax units.
    /// REQUIRES: there are items.
    [[nodiscard]] std::string next();

  private:
    /// 0 to `bound` − 1. Not by std's distributions, which are not the same everywhere.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

    std::mt19937_64 random_;
    Placed placed_;
    std::vector<std::string> skus_;
};

}  // namespace stockroom::generator
