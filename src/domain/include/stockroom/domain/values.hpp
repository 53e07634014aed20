#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace stockroom::domain {

/// Units of an item. 0 to kMaxQuantity in all its levels together, −kMaxQuantity to kMaxQuantity in
/// a movement.
using Quantity = std::int64_t;
/// What every JSON reader can hold exactly: 2^53 − 1.
inline constexpr Quantity kMaxQuantity = (std::int64_t{1} << 53) - 1;

/// How long texts may be, in code points.
inline constexpr std::size_t kMaxNameLength = 200;    // names of items and locations
inline constexpr std::size_t kMaxLabelLength = 64;    // an item's label
inline constexpr std::size_t kMaxReasonLength = 200;  // why stock was changed, an order cancelled
inline constexpr std::size_t kMaxReferenceLength = 200;  // a document elsewhere
inline constexpr std::size_t kMaxCustomerLength = 100;
inline constexpr std::size_t kMaxActorLength = 100;
inline constexpr std::size_t kMaxSectionLength = 100;  // of a record; its name as other names

inline constexpr std::size_t kMaxOrderLines = 1000;
inline constexpr std::size_t kMaxLocations = 1000;
inline constexpr std::int64_t kMaxPriority = 1'000'000;

/// Names an item: 1 to 64 printable ASCII characters, no space at either end, case matters.
class Sku {
  public:
    [[nodiscard]] static std::optional<Sku> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    friend auto operator<=>(const Sku&, const Sku&) = default;

  private:
    explicit Sku(std::string_view text) : text_(text) {}
    std::string text_;
};

/// Names a location: 1 to 32 of A-Z a-z 0-9 '-' '_' '.', case matters.
class LocationCode {
  public:
    [[nodiscard]] static std::optional<LocationCode> parse(std::string_view text);
    /// The location that exists from the start.
    [[nodiscard]] static LocationCode main() { return LocationCode("main"); }
    [[nodiscard]] const std::string& text() const { return text_; }
    friend auto operator<=>(const LocationCode&, const LocationCode&) = default;

  private:
    explicit LocationCode(std::string_view text) : text_(text) {}
    std::string text_;
};

/// Names a record: 1 to 64 printable ASCII characters, no space at either end, case matters.
class Srn {
  public:
    [[nodiscard]] static std::optional<Srn> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    friend auto operator<=>(const Srn&, const Srn&) = default;

  private:
    explicit Srn(std::string_view text) : text_(text) {}
    std::string text_;
};

}  // namespace stockroom::domain

template <>
struct std::hash<stockroom::domain::Sku> {
    std::size_t operator()(const stockroom::domain::Sku& sku) const noexcept {
        return std::hash<std::string>{}(sku.text());
    }
};
