#include "chunk_decoder.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace stockroom::http {
namespace {

std::unexpected<Problem> malformed(std::string detail) {
    return std::unexpected(Problem{.status = 400,
                                   .type = "malformed_body",
                                   .title = "The body's chunked encoding is malformed",
                                   .detail = std::move(detail)});
}

/// The line that the bytes start with, without its CRLF; empty while its end has not arrived.
std::expected<std::optional<std::string_view>, Problem> find_line(std::string_view bytes,
                                                                  std::size_t bytes_max) {
    const auto end = bytes.substr(0, bytes_max + 2).find('\n');
    if (end == std::string_view::npos) {
        if (bytes.size() >= bytes_max + 2) return malformed("A chunk's line is too long.");
        return std::nullopt;
    }
    if (end == 0 || bytes[end - 1] != '\r') return malformed("Lines must end in CR LF.");
    const std::string_view line = bytes.substr(0, end - 1);
    const bool plain = std::ranges::none_of(line, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7F;
    });
    if (!plain) return malformed("A line holds a control character.");
    return line;
}

}  // namespace

Problem body_too_large(std::size_t bytes_max) {
    return {.status = 413,
            .type = "body_too_large",
            .title = "The body is too large",
            .detail = "At most " + std::to_string(bytes_max) + " bytes are taken."};
}

std::expected<std::size_t, Problem> ChunkDecoder::decode(std::string_view bytes, std::string& body,
                                                         std::size_t body_bytes_max) {
    std::size_t total = 0;
    while (state_ != State::done && total < bytes.size()) {
        const std::string_view rest = bytes.substr(total);
        Taken taken = 0;
        switch (state_) {
            case State::size:
                taken = take_size(rest, body_bytes_max - body.size(), body_bytes_max);
                break;
            case State::data:
                taken = take_data(rest, body);
                break;
            case State::data_end:
                taken = take_data_end(rest);
                break;
            case State::trailers:
                taken = take_trailer(rest);
                break;
            case State::done:
                break;
        }
        if (!taken) return taken;
        if (*taken == 0) break;
        total += *taken;
    }
    return total;
}

ChunkDecoder::Taken ChunkDecoder::take_size(std::string_view bytes, std::size_t room,
                                            std::size_t body_bytes_max) {
    constexpr std::size_t kSizeDigitsMax = 16;
    const auto line = find_line(bytes, kSizeDigitsMax + kExtensionBytesMax);
    if (!line) return std::unexpected(line.error());
    if (!*line) return 0;
    const std::string_view text = **line;
    std::uint64_t size = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), size, 16);
    if (error != std::errc{}) return malformed("A chunk must start with its size in hexadecimal.");
    std::string_view extension = text.substr(static_cast<std::size_t>(stop - text.data()));
    if (!extension.empty()) {
        extension.remove_prefix(std::min(extension.find_first_not_of(" \t"), extension.size()));
        if (!extension.starts_with(';')) return malformed("A chunk's size must be hexadecimal.");
    }
    if (size > room) return std::unexpected(body_too_large(body_bytes_max));
    remaining_ = size;
    state_ = size == 0 ? State::trailers : State::data;
    return text.size() + 2;
}

ChunkDecoder::Taken ChunkDecoder::take_data(std::string_view bytes, std::string& body) {
    const std::string_view data = bytes.substr(0, remaining_);
    body.append(data);
    remaining_ -= data.size();
    if (remaining_ == 0) state_ = State::data_end;
    return data.size();
}

ChunkDecoder::Taken ChunkDecoder::take_data_end(std::string_view bytes) {
    constexpr std::string_view kLineEnd = "\r\n";
    const std::string_view end = bytes.substr(0, kLineEnd.size());
    if (!kLineEnd.starts_with(end)) return malformed("A chunk is longer than its size says.");
    if (end.size() < kLineEnd.size()) return 0;
    state_ = State::size;
    return kLineEnd.size();
}

ChunkDecoder::Taken ChunkDecoder::take_trailer(std::string_view bytes) {
    const auto line = find_line(bytes, kTrailerBytesMax - trailer_bytes_);
    if (!line) return std::unexpected(line.error());
    if (!*line) return 0;
    const std::string_view text = **line;
    if (text.empty()) {
        state_ = State::done;
    } else if (text.find(':') == std::string_view::npos) {
        return malformed("A trailer has no colon.");
    } else {
        trailer_bytes_ += text.size();
    }
    return text.size() + 2;
}

}  // namespace stockroom::http
