#include "stockroom/base/uuid.hpp"

#include <cstddef>

#include <sodium.h>

#include "stockroom/base/check.hpp"

namespace stockroom::base {

namespace {

constexpr bool is_dash_position(std::size_t at) {
    return at == 8 || at == 13 || at == 18 || at == 23;
}

constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

void stamp_version(Uuid::Bytes& bytes, unsigned version) {
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | (version << 4U));
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
}

void start_sodium() {
    static const bool started = sodium_init() >= 0;
    CHECK(started, "libsodium must start");
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    Bytes bytes{};
    std::size_t nibble = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (is_dash_position(at)) {
            if (text[at] != '-') return std::nullopt;
            continue;
        }
        const int value = hex_value(text[at]);
        if (value < 0) return std::nullopt;
        auto& byte = bytes.at(nibble / 2);
        byte = static_cast<std::uint8_t>(unsigned{byte} << 4U | static_cast<unsigned>(value));
        ++nibble;
    }
    return Uuid(bytes);
}

Uuid Uuid::make_v7(Time now) {
    start_sodium();
    Bytes bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    auto milliseconds = static_cast<std::uint64_t>(now.microseconds() / 1000);
    for (std::size_t at = 6; at-- > 0;) {
        bytes.at(at) = static_cast<std::uint8_t>(milliseconds);
        milliseconds >>= 8U;
    }
    stamp_version(bytes, 7);
    return Uuid(bytes);
}

Uuid Uuid::make_v8(std::span<const std::string_view> parts) {
    start_sodium();
    crypto_generichash_state state;
    Bytes bytes{};
    crypto_generichash_init(&state, nullptr, 0, bytes.size());
    for (const auto part : parts) {
        std::array<std::uint8_t, 8> length{};
        for (std::size_t at = 0; at < length.size(); ++at) {
            length.at(at) = static_cast<std::uint8_t>(part.size() >> (8 * at));
        }
        crypto_generichash_update(&state, length.data(), length.size());
        crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                                  part.size());
    }
    crypto_generichash_final(&state, bytes.data(), bytes.size());
    stamp_version(bytes, 8);
    return Uuid(bytes);
}

std::string Uuid::to_string() const {
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string text(36, '-');
    std::size_t nibble = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (is_dash_position(at)) continue;
        const unsigned byte = bytes_.at(nibble / 2);
        text[at] = kHex[nibble % 2 == 0 ? byte >> 4U : byte & 0x0FU];
        ++nibble;
    }
    return text;
}

Fingerprint fingerprint_of(std::string_view bytes) {
    start_sodium();
    Fingerprint fingerprint{};
    crypto_generichash(fingerprint.data(), fingerprint.size(),
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr,
                       0);
    return fingerprint;
}

}  // namespace stockroom::base
