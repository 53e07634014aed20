#include "path.hpp"

#include <iterator>

#include <fmt/format.h>

namespace stockroom::contract {

namespace {

constexpr std::size_t kMaxNameBytes = 100;

bool starts_code_point(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

}  // namespace

void append_member(std::string& path, std::string_view name) {
    if (!path.empty()) path += '.';
    if (name.size() <= kMaxNameBytes) {
        path += name;
        return;
    }
    std::size_t length = kMaxNameBytes;
    while (length > 0 && !starts_code_point(name[length]))
        --length;
    path.append(name.substr(0, length)).append("…");
}

void append_index(std::string& path, std::size_t index) {
    fmt::format_to(std::back_inserter(path), "[{}]", index);
}

}  // namespace stockroom::contract
