#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/json.hpp"

namespace stockroom::contract {

/// A value, or what is wrong with it as a sentence for the client.
template <typename T>
using Parsed = std::expected<T, std::string>;

[[nodiscard]] Parsed<domain::Sku> read_sku(const JsonValue& value);
[[nodiscard]] Parsed<domain::LocationCode> read_location(const JsonValue& value);
[[nodiscard]] Parsed<domain::Srn> read_srn(const JsonValue& value);
[[nodiscard]] Parsed<base::Uuid> read_id(const JsonValue& value);
[[nodiscard]] Parsed<base::Time> read_time(const JsonValue& value);
/// An amount of 0 or more, as string or number, from its digits.
[[nodiscard]] Parsed<base::Money> read_price(const JsonValue& value);
[[nodiscard]] Parsed<bool> read_bool(const JsonValue& value);

/// A whole number within bounds, written in digits.
struct ReadInteger {
    std::int64_t min = 0;
    std::int64_t max = 0;
    [[nodiscard]] Parsed<std::int64_t> operator()(const JsonValue& value) const;
};
inline constexpr ReadInteger kReadWanted{1, domain::kMaxQuantity};
inline constexpr ReadInteger kReadUnits{0, domain::kMaxQuantity};
inline constexpr ReadInteger kReadVersion{1, domain::kMaxQuantity};

/// A text without control characters, up to so many code points.
struct ReadText {
    std::size_t max_length = 0;
    std::size_t min_length = 0;
    [[nodiscard]] Parsed<std::string> operator()(const JsonValue& value) const;
};

/// Where a value stands in a body; its path is put together only when it is wrong.
struct Place {
    static constexpr std::size_t kNoIndex = std::numeric_limits<std::size_t>::max();

    const Place* parent = nullptr;
    std::string_view name;
    std::size_t index = kNoIndex;
    [[nodiscard]] std::string path() const;
};

enum class Unknown { refused, ignored };

/// Reads the members of one object by name. Keeps the first problem in the order of the object's
/// members; what is missing comes after all of them. The value and the place must outlive it.
class Fields {
  public:
    explicit Fields(const JsonValue& value, Unknown unknown = Unknown::refused,
                    const Place* place = nullptr);

    /// The member as `read` gives it; empty when it is missing or wrong.
    template <typename Read>
    auto optional(std::string_view name, const Read& read) {
        return take(name, read, Presence::optional);
    }
    /// As optional, but a problem when it is missing.
    template <typename Read>
    auto required(std::string_view name, const Read& read) {
        return take(name, read, Presence::required);
    }
    /// An array of min to max elements, each as `read(element, unknown, place)` gives it; empty
    /// when it is missing or wrong.
    template <typename Read>
    auto list(std::string_view name, std::size_t min, std::size_t max, const Read& read);

    /// A problem with a member that was read, or (by its path) something within it.
    void refuse(std::string_view name, std::string path, std::string detail);
    void require(std::string_view name);

    [[nodiscard]] Unknown unknown() const { return unknown_; }
    [[nodiscard]] const Place* place() const { return place_; }

    /// What `make` makes, or the first problem. Call it last.
    template <typename Make>
    [[nodiscard]] auto finish(const Make& make)
        -> std::expected<std::invoke_result_t<const Make&>, Invalid> {
        if (unknown_ == Unknown::refused) refuse_unknown();
        if (problem_) return std::unexpected(std::move(*problem_));
        return make();
    }

  private:
    enum class Presence { optional, required };

    struct Member {
        const JsonValue* value;  // null when it is missing
        std::size_t position;
    };

    template <typename Read>
    auto take(std::string_view name, const Read& read, Presence presence);

    /// Finds the member, and remembers that it was asked for.
    Member ask(std::string_view name);
    [[nodiscard]] std::string path_to(std::string_view name) const;
    void keep(std::size_t position, Invalid problem);
    void refuse_unknown();

    const JsonValue::Object* object_;
    Unknown unknown_;
    const Place* place_;
    std::array<std::string_view, 16> asked_;
    std::size_t asked_count_ = 0;
    std::size_t found_count_ = 0;
    std::optional<Invalid> problem_;
    std::size_t problem_position_ = 0;
};

template <typename Read>
auto Fields::take(std::string_view name, const Read& read, Presence presence) {
    using Value = typename std::invoke_result_t<const Read&, const JsonValue&>::value_type;
    const Member member = ask(name);
    if (member.value == nullptr) {
        if (presence == Presence::required) keep(member.position, {path_to(name), "is required"});
        return std::optional<Value>();
    }
    auto value = read(*member.value);
    if (value) return std::optional<Value>(std::move(*value));
    keep(member.position, {path_to(name), std::move(value.error())});
    return std::optional<Value>();
}

/// "must be an array of 1 to 1000 elements"
[[nodiscard]] std::string array_rule(std::size_t min, std::size_t max);

template <typename Read>
auto Fields::list(std::string_view name, std::size_t min, std::size_t max, const Read& read) {
    using Element = typename std::invoke_result_t<const Read&, const JsonValue&, Unknown,
                                                  const Place*>::value_type;
    using Elements = std::optional<std::vector<Element>>;
    const Member member = ask(name);
    if (member.value == nullptr) return Elements();
    const auto* array = member.value->as<JsonValue::Array>();
    if (array == nullptr || array->size() < min || array->size() > max) {
        keep(member.position, {path_to(name), array_rule(min, max)});
        return Elements();
    }
    Elements elements(std::in_place);
    elements->reserve(array->size());
    Place place{place_, name, 0};
    for (const auto& value : *array) {
        auto element = read(value, unknown_, &place);
        if (!element) {
            keep(member.position, std::move(element.error()));
            return Elements();
        }
        elements->push_back(std::move(*element));
        ++place.index;
    }
    return elements;
}

}  // namespace stockroom::contract
