#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "stockroom/base/money.hpp"
#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"

namespace stockroom::store_postgres {

/// A value's type in PostgreSQL (pg_type.dat), and its array's. All travel in binary, so that no
/// text is ever quoted.
struct Type {
    std::uint32_t oid;
    std::uint32_t array_oid;
};

/// What need not be a text.
struct Bytes {
    std::string_view view;
};

template <typename T>
inline constexpr Type kType{0, 0};
template <>
inline constexpr Type kType<bool>{16, 1000};
template <>
inline constexpr Type kType<Bytes>{17, 1001};
template <>
inline constexpr Type kType<base::Fingerprint>{17, 1001};
template <>
inline constexpr Type kType<std::int64_t>{20, 1016};
template <>
inline constexpr Type kType<base::Time>{20, 1016};  // microseconds since 1970
template <>
inline constexpr Type kType<base::Money>{20, 1016};  // minor units
template <>
inline constexpr Type kType<std::string_view>{25, 1009};
template <>
inline constexpr Type kType<base::Uuid>{2950, 2951};

void append_binary(std::string& out, bool value);
void append_binary(std::string& out, std::int64_t value);
void append_binary(std::string& out, std::string_view value);
void append_binary(std::string& out, const base::Fingerprint& value);
inline void append_binary(std::string& out, Bytes value) {
    append_binary(out, value.view);
}
inline void append_binary(std::string& out, base::Time value) {
    append_binary(out, value.microseconds());
}
inline void append_binary(std::string& out, base::Money value) {
    append_binary(out, value.minor());
}
inline void append_binary(std::string& out, const base::Uuid& value) {
    append_binary(out, value.bytes());
}
void append_binary(std::string& out, const char*) = delete;

/// The elements of a one-dimensional array, as array_send writes them: each its length, then its
/// bytes.
class Elements {
  public:
    template <typename T>
    void add(const T& value) {
        const auto start = begin();
        append_binary(bytes_, value);
        end(start);
    }
    void add_null();
    [[nodiscard]] std::size_t size() const { return count_; }
    /// Appends the whole array.
    void append_to(std::string& out, std::uint32_t element_oid) const;

  private:
    [[nodiscard]] std::size_t begin();
    void end(std::size_t start);

    std::string bytes_;
    std::size_t count_ = 0;
    bool has_null_ = false;
};

/// One column of many rows, to be given to unnest() or ANY().
template <typename T>
class Array {
  public:
    void add(const T& value) { elements_.add(value); }
    template <typename Value>
    void add(const std::optional<Value>& value) {
        value ? add(T(*value)) : elements_.add_null();
    }
    [[nodiscard]] std::size_t size() const { return elements_.size(); }
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] const Elements& elements() const { return elements_; }

  private:
    Elements elements_;
};

/// What `$1`, `$2`, … of a statement stand for.
class Parameters {
  public:
    template <typename T>
    void add(const T& value) {
        static_assert(kType<T>.oid != 0, "a type that rows can hold");
        begin(kType<T>.oid);
        append_binary(bytes_, value);
    }
    void add(const std::string& text) { add(std::string_view(text)); }
    template <typename T>
    void add(const std::optional<T>& value) {
        if (value) return add(*value);
        begin(kType<T>.oid);
        fields_.back().is_null = true;
    }
    template <typename T>
    void add(const Array<T>& array) {
        begin(kType<T>.array_oid);
        array.elements().append_to(bytes_, kType<T>.oid);
    }
    void add(const char*) = delete;

    [[nodiscard]] std::size_t size() const { return fields_.size(); }
    [[nodiscard]] std::vector<std::uint32_t> oids() const;
    /// Of each its bytes, which are valid until the next add; empty: NULL.
    [[nodiscard]] std::vector<std::optional<std::string_view>> values() const;

  private:
    struct Field {
        std::uint32_t oid;
        std::size_t start;
        bool is_null = false;
    };
    void begin(std::uint32_t oid) { fields_.push_back({.oid = oid, .start = bytes_.size()}); }

    std::string bytes_;
    std::vector<Field> fields_;
};

}  // namespace stockroom::store_postgres
