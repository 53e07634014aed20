#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stockroom/base/time.hpp"

namespace stockroom::base {

/// A UUID (RFC 9562), ordered as its bytes are.
class Uuid {
  public:
    using Bytes = std::array<std::uint8_t, 16>;

    constexpr Uuid() = default;
    explicit constexpr Uuid(const Bytes& bytes) : bytes_(bytes) {}

    /// Reads the 36-character form, either case, any version. Empty for anything else.
    [[nodiscard]] static std::optional<Uuid> parse(std::string_view text);

    /// Version 7: the time in milliseconds, then 74 random bits from the system's generator.
    [[nodiscard]] static Uuid make_v7(Time now);

    /// Version 8: BLAKE2b over the parts, each preceded by its length, so that ("ab", "c") and
    /// ("a", "bc") differ. The same parts give the same id in every process.
    [[nodiscard]] static Uuid make_v8(std::span<const std::string_view> parts);

    /// 36 characters, lower case.
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] constexpr const Bytes& bytes() const { return bytes_; }

    friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;

  private:
    Bytes bytes_{};
};

/// A 128-bit BLAKE2b fingerprint of the bytes, to tell whether two bodies are the same.
using Fingerprint = std::array<std::uint8_t, 16>;
[[nodiscard]] Fingerprint fingerprint_of(std::string_view bytes);

}  // namespace stockroom::base

template <>
struct std::hash<stockroom::base::Uuid> {
    std::size_t operator()(const stockroom::base::Uuid& id) const noexcept {
        // The last eight bytes are random (version 7) or a digest (version 8).
        std::size_t value = 0;
        for (std::size_t i = 8; i < 16; ++i)
            value = value << 8U | id.bytes()[i];
        return value;
    }
};
