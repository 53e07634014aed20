#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace stockroom::domain::testing {

/// An enumerator's name, or empty when the enum has no such value: clang writes an unnamed value of
/// a template argument as a cast, "(Enum)7".
template <auto kValue>
constexpr std::string_view enumerator_name() {
    std::string_view text = __PRETTY_FUNCTION__;
    text.remove_prefix(text.find("kValue = ") + 9);
    text.remove_suffix(1);
    if (text.starts_with('(')) return {};
    text.remove_prefix(text.rfind(':') + 1);
    return text;
}

/// The names of an enum whose values count up from 0, in order.
template <typename Enum>
std::vector<std::string_view> enumerator_names() {
    constexpr std::size_t kMost = 32;
    std::vector<std::string_view> names;
    [&names]<std::size_t... kValues>(std::index_sequence<kValues...>) {
        (names.push_back(enumerator_name<static_cast<Enum>(kValues)>()), ...);
    }(std::make_index_sequence<kMost>{});
    std::erase(names, std::string_view{});
    return names;
}

}  // namespace stockroom::domain::testing
