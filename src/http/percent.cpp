#include "percent.hpp"

#include "stockroom/base/text.hpp"

namespace stockroom::http {
namespace {

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
    return std::nullopt;
}

/// The byte that the escape at the start of the text stands for.
std::optional<char> escaped_byte(std::string_view text) {
    if (text.size() < 3) return std::nullopt;
    const auto high = hex_digit(text[1]);
    const auto low = hex_digit(text[2]);
    if (!high || !low || (*high == 0 && *low == 0)) return std::nullopt;
    return static_cast<char>(*high << 4U | *low);
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, PlusSign plus) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%') {
            const auto byte = escaped_byte(text.substr(at));
            if (!byte) return std::nullopt;
            decoded.push_back(*byte);
            at += 2;
        } else if (text[at] == '\0') {
            return std::nullopt;
        } else {
            decoded.push_back(text[at] == '+' && plus == PlusSign::space ? ' ' : text[at]);
        }
    }
    if (!base::is_utf8(decoded)) return std::nullopt;
    return decoded;
}

bool has_sound_escapes(std::string_view text) {
    for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
        if (!escaped_byte(text.substr(at))) return false;
    }
    return true;
}

}  // namespace stockroom::http
