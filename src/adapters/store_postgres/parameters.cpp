#include "parameters.hpp"

#include <limits>

#include "stockroom/base/check.hpp"

namespace stockroom::store_postgres {

namespace {

/// In network byte order.
template <typename Integer>
void write_integer(char* to, Integer value) {
    auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
    for (std::size_t i = sizeof(Integer); i-- > 0; bits >>= 8U)
        to[i] = static_cast<char>(bits & 0xffU);
}

template <typename Integer>
void append_integer(std::string& out, Integer value) {
    char bytes[sizeof(Integer)];
    write_integer(bytes, value);
    out.append(bytes, sizeof bytes);
}

constexpr std::int32_t kNull = -1;  // as a length

}  // namespace

void append_binary(std::string& out, bool value) {
    out += value ? '\1' : '\0';
}

void append_binary(std::string& out, std::int64_t value) {
    append_integer(out, value);
}

void append_binary(std::string& out, std::string_view value) {
    out += value;
}

void append_binary(std::string& out, const base::Fingerprint& value) {
    out.append(reinterpret_cast<const char*>(value.data()), value.size());
}

std::size_t Elements::begin() {
    append_integer(bytes_, std::int32_t{0});
    return bytes_.size();
}

void Elements::end(std::size_t start) {
    const auto size = bytes_.size() - start;
    CHECK(size <= std::numeric_limits<std::int32_t>::max(), "a value has at most 2 GiB");
    write_integer(bytes_.data() + start - sizeof(std::int32_t), static_cast<std::int32_t>(size));
    ++count_;
}

void Elements::add_null() {
    append_integer(bytes_, kNull);
    ++count_;
    has_null_ = true;
}

void Elements::append_to(std::string& out, std::uint32_t element_oid) const {
    CHECK(count_ <= std::numeric_limits<std::int32_t>::max(), "an array is bounded");
    append_integer(out, std::int32_t{count_ > 0});  // dimensions
    append_integer(out, std::int32_t{has_null_});
    append_integer(out, element_oid);
    if (count_ == 0) return;
    append_integer(out, static_cast<std::int32_t>(count_));
    append_integer(out, std::int32_t{1});  // the index of the first
    out += bytes_;
}

std::vector<std::uint32_t> Parameters::oids() const {
    std::vector<std::uint32_t> oids;
    oids.reserve(fields_.size());
    for (const Field& field : fields_)
        oids.push_back(field.oid);
    return oids;
}

std::vector<std::optional<std::string_view>> Parameters::values() const {
    std::vector<std::optional<std::string_view>> values;
    values.reserve(fields_.size());
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        const auto start = fields_[i].start;
        const auto end = i + 1 < fields_.size() ? fields_[i + 1].start : bytes_.size();
        if (fields_[i].is_null) {
            values.emplace_back();
        } else {
            values.emplace_back(std::string_view(bytes_).substr(start, end - start));
        }
    }
    return values;
}

}  // namespace stockroom::store_postgres
